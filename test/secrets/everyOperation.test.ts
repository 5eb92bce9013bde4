import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { SECRET_PROPERTIES } from '../../lib/xapi/secrets';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';
import { ANY_ROW } from '../support/anyRow';
import { FITTING, operationsOf } from '../support/everyOperation';
import { json, startServer, type Received, type TestServer } from '../support/httpServer';
import { CredentialStore, runNode } from '../support/n8n';
import { everything } from './leaks';

/** A PBX in which every row, of whatever kind, has every secret property that 3CX knows, at two levels. */

const MARK = 'seeded-secret';

const secrets = (): IDataObject =>
	Object.fromEntries(Object.keys(SECRET_PROPERTIES).map((name) => [name, `${MARK}-${name}`]));

const isObject = (value: unknown): value is IDataObject =>
	typeof value === 'object' && value !== null;

/** A value of a row with the secrets in it, where it has properties. */
const withSecrets = (value: unknown): unknown => {
	if (Array.isArray(value)) return value.map(withSecrets);
	return isObject(value) ? { ...value, ...secrets() } : value;
};

const row = (): IDataObject => ({
	...secrets(),
	...(Object.fromEntries(
		Object.entries({
			...ANY_ROW,
			Phones: [{ Id: 1, MacAddress: '00156501ab0c' }],
			RoutingRule: {},
		}).map(([name, value]) => [name, withSecrets(value)]),
	) as IDataObject),
	Rights: { RoleName: 'users', ...secrets() },
});

const dn = {
	dn: '100',
	type: 'Wextension',
	devices: [{ dn: '100', device_id: 'sip:100@127.0.0.1', user_agent: 'x', ...secrets() }],
	participants: [
		{ id: 1, callid: 1, dn: '100', status: 'Connected', party_dn: '101', ...secrets() },
	],
	...secrets(),
};

function answer({ url, method }: Received): [status: number, body: unknown] {
	if (url.startsWith('/connect/token')) {
		const token = { access_token: `eyJhbGciOi.eyJzdWIi.${MARK}`, expires_in: 60 };
		return method === 'POST' ? [200, token] : [405, {}];
	}
	const path = decodeURIComponent(url.split('?')[0]!);
	if (path.startsWith('/callcontrol')) {
		if (path.endsWith('/stream')) return [403, {}];
		if (method === 'POST')
			return [200, { finalstatus: 'Success', result: dn.participants[0], ...secrets() }];
		if (/participants\/[^/]+$/.test(path)) return [200, dn.participants[0]];
		if (/devices\/[^/]+$/.test(path)) return [200, dn.devices[0]];
		if (path.endsWith('/participants')) return [200, dn.participants];
		if (path.endsWith('/devices')) return [200, dn.devices];
		return [200, path === '/callcontrol' ? [dn] : dn];
	}
	const isOne = /\/[A-Z]\w+\([^)]*\)$/.test(path) && !path.includes('/Pbx.');
	if (method === 'GET' && !isOne) return [200, { '@odata.count': 1, value: [row()] }];
	return [method === 'POST' ? 201 : 200, row()];
}

let pbx: TestServer;
let credentials: CredentialStore;

beforeAll(async () => {
	pbx = await startServer((request, response) => json(response, ...answer(request)));
	credentials = new CredentialStore({
		pbxUrl: pbx.origin,
		clientId: 'n8n',
		clientSecret: `client-${MARK}-client`,
	});
});

afterAll(async () => {
	await closeDispatchers();
	await pbx.close();
});

const CASES = [
	...operationsOf('n8n-nodes-threecx.threeCx', new ThreeCx().description),
	...operationsOf('n8n-nodes-threecx.threeCxCallControl', new ThreeCxCallControl().description),
];

/** Asked for by name: this is all that the operation is for. */
const ASKED_FOR: Record<string, string> = { 'apiClient: generateKey': 'ClientSecret' };

const reached = new Set<string>();

test.each(CASES)('%s shows no secret of the PBX', async (name, { type, parameters }) => {
	const { items, error } = await runNode({ type, parameters, credentials });
	if (!error && items.length > 0) reached.add(name);
	const files = items.flatMap(({ binary = {} }) =>
		Object.values(binary).map(({ data }) => Buffer.from(data, 'base64').toString()),
	);
	const asked = ASKED_FOR[name];
	const shown = items.map(({ json: row }) =>
		Object.entries(row).filter(([property]) => property !== asked),
	);
	expect(everything([shown, files, error])).not.toContain(MARK);
	if (asked !== undefined) expect(items[0]?.json).toHaveProperty(asked);
});

test('most operations came to an output, those among them that once forgot to hide secrets', () => {
	expect(reached.size).toBeGreaterThan(CASES.length * 0.6);
	for (const name of [
		'trunk: refreshRegistration',
		'outboundRule: moveUp',
		'outboundRule: moveDown',
		'ivr: removeKey',
		'anyOperation: invoke',
	])
		expect([...reached]).toContain(name);
});

describe('Any Operation', () => {
	const run = async (options: INodeParameters) => {
		const { items, error } = await runNode({
			parameters: {
				resource: 'anyOperation',
				operation: 'invoke',
				xapiOperation: FITTING.xapiOperation as INodeParameters,
				options,
			},
			credentials,
		});
		if (error) throw error;
		const [data] = Object.values(items[0]?.binary ?? {});
		return data ? Buffer.from(data.data, 'base64').toString() : JSON.stringify(items);
	};

	test('hides secrets in a file that is JSON, but for those asked for by name', async () => {
		const hidden = await run({ response: 'file' });
		expect(hidden).toContain('"Number": "100"');
		expect(hidden).not.toContain(MARK);
		const revealed = await run({ response: 'file', reveal: ['VMPIN'] });
		expect(revealed).toContain(`${MARK}-VMPIN`);
		expect(revealed).not.toContain(`${MARK}-AuthPassword`);
	});

	test('shows in its items what is asked for by name', async () => {
		const revealed = await run({ reveal: ['VMPIN'] });
		expect(revealed).toContain(`${MARK}-VMPIN`);
		expect(revealed).not.toContain(`${MARK}-AuthPassword`);
	});
});
