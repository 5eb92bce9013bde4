import { catalogue } from '../../lib/xapi/catalogue';
import { findHidden, HIDDEN, redactSecrets, SECRET_PROPERTIES } from '../../lib/xapi/secrets';

const userRow = () => ({
	Id: 12,
	Number: '100',
	AuthPassword: 'made-up',
	VMPIN: '0000',
	AccessPassword: '',
	DeskphonePassword: null,
	Groups: [{ Name: 'DEFAULT' }],
	Phones: [
		{ Name: 'Desk', ProvisioningLinkExt: 'https://pbx.example/made-up', Settings: { Secret: 'x' } },
	],
});

describe('secrets', () => {
	test('are hidden at any depth; empty ones and the rest stay', () => {
		expect(redactSecrets(userRow())).toEqual({
			Id: 12,
			Number: '100',
			AuthPassword: HIDDEN,
			VMPIN: HIDDEN,
			AccessPassword: '',
			DeskphonePassword: null,
			Groups: [{ Name: 'DEFAULT' }],
			Phones: [{ Name: 'Desk', ProvisioningLinkExt: HIDDEN, Settings: { Secret: HIDDEN } }],
		});
	});

	test('in arrays within arrays, too; what stands there is no name', () => {
		expect(redactSecrets([[{ VMPIN: '0000' }, 'VMPIN']])).toEqual([[{ VMPIN: HIDDEN }, 'VMPIN']]);
		expect(redactSecrets({ AuthPassword: ['made-up', 7, true, ['made-up']] })).toEqual({
			AuthPassword: [HIDDEN, HIDDEN, true, [HIDDEN]],
		});
	});

	test.each([undefined, null, 'VMPIN', 7])('%p is handed back', (value) => {
		expect(redactSecrets(value)).toBe(value);
	});

	test('an object under a secret name keeps its shape and flags', () => {
		expect(redactSecrets({ AuthPassword: { Concealed: true, Value: 'made-up' } })).toEqual({
			AuthPassword: { Concealed: true, Value: HIDDEN },
		});
		expect(redactSecrets({ opts: { DeskphonePassword: true } })).toEqual({
			opts: { DeskphonePassword: true },
		});
	});

	test('those asked for by name are shown, and only those', () => {
		expect(redactSecrets(userRow(), { reveal: ['VMPIN'] })).toMatchObject({
			VMPIN: '0000',
			AuthPassword: HIDDEN,
		});
	});

	test('the marker is found before it is written back', () => {
		expect(findHidden(redactSecrets({ Phones: userRow().Phones }))).toBe(
			'Phones[0].ProvisioningLinkExt',
		);
		expect(findHidden(userRow())).toBeUndefined();
		expect(findHidden(HIDDEN)).toBe('');
	});

	test('every name in the table is one that 3CX uses', () => {
		const names = new Set(
			Object.values(catalogue.types).flatMap(({ properties }) => Object.keys(properties)),
		);
		expect(Object.keys(SECRET_PROPERTIES).filter((name) => !names.has(name))).toEqual([]);
	});

	test('no property of a secret type or name is forgotten', () => {
		const secret =
			/^(?!Allow|Use|Next|EnablePin|PinProtect|Public).*(Password|Secret|PIN|PinNumber|PrivateKey|ProvLink|ProvisionLink|ProvisioningLink)/;
		const forgotten = Object.entries(catalogue.types).flatMap(([type, { properties }]) =>
			Object.entries(properties)
				.filter(
					([name, expression]) => secret.test(name) || expression.startsWith('ConcealedPassword'),
				)
				.filter(
					([name, expression]) => !(name in SECRET_PROPERTIES) && !expression.startsWith('boolean'),
				)
				.map(([name]) => `${type}.${name}`),
		);
		expect(forgotten).toEqual([]);
	});

	test('20,000 users take no noticeable time', () => {
		const rows = Array.from({ length: 20_000 }, (_, index) => ({ ...userRow(), Id: index }));
		const started = performance.now();
		const redacted = redactSecrets(rows);
		expect(performance.now() - started).toBeLessThan(1_000);
		expect(redacted[19_999]?.AuthPassword).toBe(HIDDEN);
	});
});
