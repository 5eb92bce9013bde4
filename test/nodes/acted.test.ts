import type { IDataObject, INodeParameters } from 'n8n-workflow';
import type { ServerResponse } from 'node:http';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';
import { ANY_ROW } from '../support/anyRow';
import { operationsOf } from '../support/everyOperation';
import { json, startServer, type Received, type TestServer } from '../support/httpServer';
import { CredentialStore, runNode } from '../support/n8n';

/**
 * What acted does not fail. Every operation of both nodes, on a PBX that does what it is asked to, and of which nothing can
 * be learned afterwards: reads fail, or the answer to the change itself breaks off. A step that failed now would be
 * repeated by "Retry On Fail", and would act twice.
 */

const leg = { id: 1, callid: 1, dn: '100', status: 'Connected', party_dn: '101' };
const device = { dn: '100', device_id: 'sip:100@127.0.0.1:5060', user_agent: 'x' };
const dn = { dn: '100', type: 'Wextension', devices: [device], participants: [leg] };

/** What a PBX says that is asked to read. */
function readAnswer(path: string): unknown {
	if (path.startsWith('/callcontrol')) {
		if (/participants\/[^/]+$/.test(path)) return leg;
		if (path.endsWith('/participants')) return [leg];
		if (/devices\/[^/]+$/.test(path)) return device;
		if (path.endsWith('/devices')) return [device];
		return path === '/callcontrol' ? [dn] : dn;
	}
	const isOne = /\/[A-Z]\w+\([^)]*\)$/.test(path) && !path.includes('/Pbx.');
	return isOne ? ANY_ROW : { '@odata.count': 1, value: [ANY_ROW] };
}

type Says = (response: ServerResponse, path: string) => void;

const broken = '{"@odata.context": "x", "Id": 1, "Nam';

/** What it says to what acts. */
const SAYS: Record<string, Says> = {
	'says what it should': (response, path) =>
		json(response, 200, path.startsWith('/callcontrol') ? { finalstatus: 'Success' } : ANY_ROW),
	'says nothing': (response) => response.writeHead(204).end(),
	'breaks off in the middle of a word': (response) =>
		response.writeHead(200, { 'content-type': 'application/json' }).end(broken),
	'breaks the connection in the middle of its answer': (response) => {
		response.writeHead(200, { 'content-type': 'application/json', 'content-length': '900' });
		response.write(broken, () => response.destroy());
	},
};

let pbx: TestServer;
let credentials: CredentialStore;
let says: Says;
let acted: string[] = [];
let lookedAfter = 0;

const answer = ({ url, method }: Received, response: ServerResponse) => {
	if (url.startsWith('/connect/token')) {
		return json(response, 200, { access_token: 'token', token_type: 'Bearer', expires_in: 3600 });
	}
	const path = decodeURIComponent(url.split('?')[0]!);
	if (method !== 'GET') {
		acted.push(`${method} ${path}`);
		return says(response, path);
	}
	if (acted.length === 0) return json(response, 200, readAnswer(path));
	lookedAfter++;
	json(response, 500, { error: { code: '', message: 'Not now' } });
};

beforeAll(async () => {
	pbx = await startServer(answer);
	credentials = new CredentialStore({
		pbxUrl: pbx.origin,
		clientId: 'n8n',
		clientSecret: 'secret',
	});
});
afterAll(async () => {
	await closeDispatchers();
	await pbx.close();
});

const CASES = [
	...operationsOf('n8n-nodes-threecx.threeCx', new ThreeCx().description),
	...operationsOf('n8n-nodes-threecx.threeCxCallControl', new ThreeCxCallControl().description),
	// Audio is sent and received, not changed.
].filter(([name]) => !name.startsWith('audio:'));

const mapper = (value: IDataObject) => ({ mappingMode: 'defineBelow', value });

/** Something to change, for the operations that need to be told what. */
const CHANGES: Array<[RegExp, IDataObject]> = [
	[/^(?:department|ivr|queue|ringGroup): update$/, { moreFields: mapper({ Name: 'Other' }) }],
	[/^user: update$/, { moreFields: mapper({ FirstName: 'Ada' }) }],
	[/^contact: update$/, { moreFields: mapper({ CompanyName: 'Other' }) }],
	[/^voicemail: updateSettings$/, { moreFields: mapper({ Quota: 7 }) }],
	[/^user: (?:addTo|removeFrom)Department$|^apiClient: setRights$/, { groupId: 1, role: 'users' }],
	[/^department: (?:add|remove)Member$/, { extensions: ['100'], role: 'managers' }],
	[/^user: updateForwarding$/, { forwardingOptions: { noAnswerTimeout: 7 } }],
	[
		/^officeHours: update$/,
		{ hours: { time: [{ day: 'Monday', from: '09:00', to: '17:00' }] }, breaks: {} },
	],
	[/^apiClient: setMonitoredExtensions$/, { extensions: ['101'] }],
];
const changeOf = (name: string): IDataObject =>
	Object.assign({}, ...CHANGES.filter(([pattern]) => pattern.test(name)).map(([, more]) => more));

/** They read what they have changed, each in a way of its own. */
const LOOK = [
	'apiClient: setMonitoredExtensions',
	'department: addMember',
	'officeHours: update',
	'outboundRule: moveUp',
	'queue: addAgent',
	'queue: update',
	'ringGroup: addMember',
	'trunk: refreshRegistration',
	'user: addToDepartment',
	'user: update',
	'user: updateForwarding',
	'voicemail: updateSettings',
];

describe.each(Object.entries(SAYS))('a PBX that %s', (_, say) => {
	const reallyActed = new Set<string>();
	const looked = new Set<string>();

	test.each(CASES)('%s', async (name, { type, parameters }) => {
		says = say;
		acted = [];
		lookedAfter = 0;
		const { items, error } = await runNode({
			type,
			parameters: { ...parameters, ...(changeOf(name) as INodeParameters) },
			credentials,
		});
		if (acted.length === 0) return;
		reallyActed.add(name);
		expect({ name, error: error && [error.message, error.description, acted] }).toEqual({ name });
		expect(items.length).toBeGreaterThan(0);
		if (lookedAfter === 0) return;
		looked.add(name);
		expect(items.map(({ json: { outcome, deleted } }) => outcome ?? deleted)).not.toContain(
			undefined,
		);
	});

	test('what acts was among them, and what looks afterwards', () => {
		expect(reallyActed.size).toBeGreaterThan(75);
		expect([...looked].sort()).toEqual(expect.arrayContaining(LOOK));
	});
});
