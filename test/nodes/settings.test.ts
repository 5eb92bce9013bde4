import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { catalogue, propertiesOf, singleton } from '../../lib/xapi/catalogue';
import { HIDDEN } from '../../lib/xapi/secrets';
import { hasSettings, type FieldSource, type SettingsResource } from '../../nodes/ThreeCx/resource';
import { RESOURCES } from '../../nodes/ThreeCx/resources';
import { startNode, type NodeUnderTest } from './routingHarness';

/** Get Settings and Update Settings: what holds for every resource that has them. */

const WITH_SETTINGS = RESOURCES.filter(hasSettings).map(
	(resource) => [resource.label, resource] as const,
);

let node: NodeUnderTest;

beforeAll(async () => {
	node = await startNode();
});

afterEach(() => node.pbx.faults.clear());

afterAll(async () => {
	await closeDispatchers();
	await node.pbx.close();
});

/** Another value than the one that is set, as somebody would choose it in the panel. */
function otherThan(value: unknown, { type, options = [], name }: INodeProperties): unknown {
	if (type === 'boolean') return value !== true;
	if (type === 'number') return Number(value ?? 1) + 1;
	const choices = (options as INodePropertyOptions[]).map((option) => option.value);
	return type === 'options' && choices.length > 0
		? choices.find((choice) => choice !== value)
		: `other ${name}`;
}

/** Each everyday setting with a new value. */
const changesOf = ({ fields, singleton: name }: SettingsResource): Record<string, string> => {
	const stored = node.pbx.store.singleton(name);
	return Object.fromEntries(
		fields.map(({ property, parameter }) => [
			parameter.name,
			otherThan(stored[property], parameter) as string,
		]),
	);
};

const refusal = async (...args: Parameters<NodeUnderTest['run']>) => await node.refusal(...args);

describe.each(WITH_SETTINGS)('%s', (_, resource) => {
	const { name, singleton: path, fields } = resource;
	const { type = '', update } = singleton(catalogue, path) ?? {};

	test('is a singleton of XAPI that can be changed, with settings that its type has', () => {
		expect(update).toBeDefined();
		const known = propertiesOf(catalogue, type);
		expect(fields.filter(({ property }) => !(property in known))).toEqual([]);
	});

	test('every everyday setting can be changed, and is changed once', async () => {
		await node.run(name, 'getSettings');
		const settings = changesOf(resource);
		const [first] = await node.run(name, 'updateSettings', { settings });
		expect(Object.keys(first!.changed as object).sort()).toEqual(
			fields.map(({ property }) => property).sort(),
		);
		const stored = node.pbx.store.singleton(path);
		// No setting needs to ask anybody.
		const source = { instant: String } as unknown as FieldSource;
		for (const { property, parameter, toXapi } of fields) {
			const value = settings[parameter.name];
			const xapi = toXapi ? toXapi(value as never, source) : value;
			expect({ property, value: stored[property] }).toEqual({ property, value: xapi });
		}
		// What the PBX conceals cannot be compared, so it is sent again.
		const concealed = propertiesOf(catalogue, type);
		const again = fields
			.map(({ property }) => property)
			.filter((property) => concealed[property]?.startsWith('ConcealedPassword'));
		const [second] = await node.run(name, 'updateSettings', { settings });
		expect(Object.keys(second!.changed as object)).toEqual(again);
	});

	test('what was changed counts, also where it cannot be read back', async () => {
		await node.run(name, 'getSettings');
		const settings = changesOf(resource);
		const here = { method: 'GET', path: new RegExp(`/${path}(\\?|$)`) };
		node.pbx.faults.next({ ...here, delayMs: 1 });
		node.pbx.faults.next({ ...here, status: 403 });
		const [row] = await node.run(name, 'updateSettings', { settings });
		expect(node.pbx.faults.pending).toBe(0);
		expect(row).toMatchObject({ changed: expect.any(Object) as object });
		expect(JSON.stringify(row)).toContain(fields[0]!.property);
	});

	test('nothing to change is said before anything is sent', async () => {
		expect(await refusal(name, 'updateSettings')).toMatchObject({
			message: 'No setting to update',
			description: expect.stringMatching(
				/^Add at least one under Settings or More Fields/,
			) as string,
		});
	});
});

describe('mail', () => {
	test('the password goes in, and never comes out', async () => {
		const settings = { MailPassword: 'open sesame' };
		const output = [
			...(await node.run('mail', 'updateSettings', { settings })),
			...(await node.run('mail', 'getSettings')),
		];
		expect(node.pbx.store.singleton('MailSettings').MailPassword).toEqual({ Value: 'open sesame' });
		expect(output).toMatchObject([
			{ changed: { MailPassword: { to: { Value: HIDDEN } } } },
			{ MailServerType: 'Custom' },
		]);
		expect(JSON.stringify(output)).not.toContain('sesame');
	});

	test('nor where the PBX echoes it', async () => {
		const body = { MailUser: 'pbx', MailPassword: { Value: 'open sesame' } };
		node.pbx.faults.next({ path: /MailSettings/, status: 200, body });
		expect(await node.run('mail', 'getSettings')).toMatchObject([
			{ MailPassword: { Value: HIDDEN } },
		]);
	});

	test('nor where it was just set and the PBX does not answer', async () => {
		const here = { method: 'GET', path: /MailSettings/ };
		node.pbx.faults.next({ ...here, delayMs: 1 });
		node.pbx.faults.next({ ...here, status: 403 });
		const settings = { MailPassword: 'open sesame too' };
		const output = await node.run('mail', 'updateSettings', { settings });
		expect(output).toMatchObject([{ MailPassword: { Value: HIDDEN } }]);
	});

	test('a hidden password is not written back', async () => {
		const settings = { MailPassword: HIDDEN };
		expect(await refusal('mail', 'updateSettings', { settings })).toMatchObject({
			message: 'MailPassword.Value contains the placeholder for a hidden secret',
		});
	});
});

test('More Fields has the settings that are no everyday ones', async () => {
	const moreFields = { mappingMode: 'defineBelow', value: { Quota: 7 } };
	expect(await node.run('voicemail', 'updateSettings', { moreFields })).toMatchObject([
		{ outcome: 'updated', changed: { Quota: { to: 7 } }, Quota: 7 },
	]);
});
