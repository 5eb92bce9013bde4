import { setImmediate as settle } from 'node:timers/promises';
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { startPbx, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import { CredentialStore, runNode } from '../support/n8n';

/** How often a run reads the credential, and that it never takes one item's for another's. */

const pbxs: Pbx[] = [];

afterEach(async () => {
	await closeDispatchers();
	await Promise.all(pbxs.splice(0).map(async (pbx) => await pbx.close()));
});

const newPbx = async (options: PbxOptions = {}) => {
	const pbx = await startPbx({ seed: 'empty', ...options });
	pbxs.push(pbx);
	return pbx;
};

const fieldsOf = ({ url, defaultClient: { clientId, clientSecret } }: Pbx) => ({
	pbxUrl: url,
	clientId,
	clientSecret,
});

/** Counts how often n8n resolves the credential, which costs it a database query and an isolate. */
class CountingStore extends CredentialStore {
	reads = 0;

	override async getDecrypted(...given: Parameters<CredentialStore['getDecrypted']>) {
		if (given[5] !== true) this.reads++;
		return await super.getDecrypted(...given);
	}
}

/** Stands for an n8n that does not let nodes look at stored credentials. */
class SecretiveStore extends CountingStore {
	override async getDecrypted(...given: Parameters<CredentialStore['getDecrypted']>) {
		if (given[5] === true) throw new Error('Not for you');
		return await super.getDecrypted(...given);
	}
}

/** Operators can fill what is empty in every credential of a type. */
class OverwrittenStore extends CountingStore {
	constructor(
		fields: ICredentialDataDecryptedObject,
		private readonly overwrites: ICredentialDataDecryptedObject,
	) {
		super(fields);
	}

	override async getDecrypted(...given: Parameters<CredentialStore['getDecrypted']>) {
		const isRaw = given[5] === true;
		const filled = new CredentialStore({ ...this.stored, ...(isRaw ? {} : this.overwrites) });
		return await filled.getDecrypted(...given);
	}
}

const departments = async (credentials: CredentialStore, items: Array<Record<string, string>>) =>
	await runNode({
		parameters: { resource: 'department', operation: 'getAll' },
		credentials,
		items,
		onError: 'continueRegularOutput',
	});

const MANY = Array.from({ length: 60 }, () => ({}));

test('a credential without expressions is read for the run, not for each item', async () => {
	const pbx = await newPbx();
	const credentials = new CountingStore(fieldsOf(pbx));
	await departments(credentials, [{}]);
	credentials.reads = 0;
	const { items } = await departments(credentials, MANY);
	expect(items.every(({ json }) => json.error === undefined)).toBe(true);
	expect(new Set(items.map(({ pairedItem }) => (pairedItem as { item: number }).item)).size).toBe(
		60,
	);
	expect(credentials.reads).toBeLessThanOrEqual(2);
});

test.each(['pbxUrl', 'clientId', 'clientSecret'] as const)(
	'one expression, in %s, and every item reads its own',
	async (field) => {
		const pbx = await newPbx();
		const fields = fieldsOf(pbx);
		const credentials = new CountingStore({ ...fields, [field]: '={{ $json.mine }}' });
		const { items } = await departments(
			credentials,
			MANY.map(() => ({ mine: fields[field] })),
		);
		expect(items.every(({ json }) => json.error === undefined)).toBe(true);
		expect(credentials.reads).toBeGreaterThanOrEqual(60);
	},
);

test('an n8n that does not show what is stored has every item read', async () => {
	const credentials = new SecretiveStore(fieldsOf(await newPbx()));
	await departments(credentials, MANY);
	expect(credentials.reads).toBeGreaterThanOrEqual(60);
});

test('an expression that the operator puts in place of a field counts as one', async () => {
	const [a, b] = [await newPbx(), await newPbx()];
	const credentials = new OverwrittenStore(
		{},
		{
			pbxUrl: '={{ $json.pbxUrl }}',
			clientId: '={{ $json.clientId }}',
			clientSecret: '={{ $json.clientSecret }}',
		},
	);
	await departments(credentials, [a, b, a, b].map(fieldsOf));
	expect([a, b].map(({ mints }) => Object.values(mints))).toEqual([[1], [1]]);
});

/** Starts a run of many items, and does something once some of them have been answered. */
async function inTheMiddle(pbx: Pbx, credentials: CredentialStore, happens: () => Promise<void>) {
	await departments(credentials, [{}]);
	pbx.faults.latencyMs = 20;
	const before = pbx.requests.length;
	const running = departments(credentials, MANY);
	while (pbx.requests.length < before + 12) await settle();
	await happens();
	return await running;
}

test('a new secret that is entered while a run goes on is used from then on', async () => {
	const pbx = await newPbx();
	const credentials = new CredentialStore(fieldsOf(pbx));
	const { items } = await inTheMiddle(pbx, credentials, async () => {
		pbx.defaultClient.clientSecret = 'the new key';
		credentials.stored.clientSecret = 'the new key';
		await pbx.restart();
	});
	expect(items.map(({ json }) => json.error)).toEqual(MANY.map(() => undefined));
	expect(pbx.failedLogins).toBe(0);
	// The new token counts as one of the new secret: the next run needs no other.
	await departments(credentials, [{}]);
	expect(Object.values(pbx.mints)).toEqual([2]);
});

test('a credential that is changed to another PBX while a run goes on gives neither the token of the other', async () => {
	const [a, b] = [await newPbx(), await newPbx()];
	const credentials = new CredentialStore(fieldsOf(a));
	const { items } = await inTheMiddle(a, credentials, async () => {
		Object.assign(credentials.stored, fieldsOf(b));
		await a.restart();
	});
	expect(items.map(({ json }) => json.error)).toContain(
		`The credential was changed to another PBX or client during this run with ${a.url}`,
	);
	expect(b.requests).toEqual([]);
	// And the next run is with the other one.
	expect((await departments(credentials, MANY)).items.every(({ json }) => !json.error)).toBe(true);
	const tokensOf = ({ requests }: Pbx) =>
		new Set(requests.map(({ tokenFingerprint }) => tokenFingerprint).filter(Boolean));
	expect([...tokensOf(a)].filter((token) => tokensOf(b).has(token))).toEqual([]);
});

const perItem = {
	pbxUrl: '={{ $json.pbxUrl }}',
	clientId: '={{ $json.clientId }}',
	clientSecret: '={{ $json.clientSecret }}',
};

describe('the PBX of each item', () => {
	const versionOf = { resource: 'system', operation: 'getVersion' };
	const named = (items: Array<{ json: { pbx?: unknown } }>) => items.map(({ json }) => json.pbx);
	const hostOf = ({ url }: Pbx) => new URL(url).host;

	test('is named where the credential has expressions, also with a single item', async () => {
		const [a, b] = [await newPbx(), await newPbx()];
		const credentials = new CredentialStore(perItem);
		const rows = [fieldsOf(a), fieldsOf(b)];
		const { items } = await runNode({ parameters: versionOf, credentials, items: rows });
		expect(named(items)).toEqual([hostOf(a), hostOf(b)]);
		const one = await runNode({ parameters: versionOf, credentials, items: [fieldsOf(b)] });
		expect(named(one.items)).toEqual([hostOf(b)]);
	});

	test.each([
		['only on request', {}, false],
		['on request', { addPbx: true }, true],
		['not where the option is off', { addPbx: false }, false],
	])('of a credential without expressions is named %s', async (_, requestOptions, isNamed) => {
		const pbx = await newPbx();
		const { items } = await runNode({
			parameters: { ...versionOf, requestOptions },
			credentials: new CredentialStore(fieldsOf(pbx)),
			items: [{}, {}],
		});
		const host = isNamed ? hostOf(pbx) : undefined;
		expect(named(items)).toEqual([host, host]);
	});

	test.each([
		["$('Items').item.json.pbxUrl", false],
		['$node["Items"].json.pbxUrl', false],
		['$json.pbxUrl', true],
	])('of a tool is not the first item’s: %s', async (expression, isRight) => {
		const pbx = await newPbx();
		const credentials = new CredentialStore({ ...perItem, pbxUrl: `={{ ${expression} }}` });
		const run = async (type: string) =>
			await runNode({ type, parameters: versionOf, credentials, items: [fieldsOf(pbx)] });
		const { items, error } = await run('n8n-nodes-threecx.threeCxTool');
		if (isRight) expect(named(items)).toEqual([hostOf(pbx)]);
		else {
			expect(error?.message).toContain(
				'An AI tool cannot use a credential whose expressions look at other nodes. n8n would',
			);
			expect(pbx.requests).toEqual([]);
		}
		expect(named((await run('n8n-nodes-threecx.threeCx')).items)).toEqual([hostOf(pbx)]);
	});

	test('is named in every row of a list, beside what the row has', async () => {
		const pbx = await newPbx();
		const { items } = await runNode({
			parameters: { resource: 'department', operation: 'getAll' },
			credentials: new CredentialStore(perItem),
			items: [fieldsOf(pbx)],
		});
		expect(items.map(({ json }) => json)).toEqual(
			pbx.store
				.rows('Groups')
				.map(({ Name }) => expect.objectContaining({ Name, pbx: hostOf(pbx) }) as unknown),
		);
	});
});
