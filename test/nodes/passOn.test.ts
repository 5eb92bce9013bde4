import { closeDispatchers } from '../../lib/http/dispatchers';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { CredentialStore, runNode, type NodeRunInput } from '../support/n8n';

/** What of the input item stays in the output. */

let pbx: Pbx;

beforeAll(async () => {
	pbx = await startPbx({ seed: 'empty' });
});

afterAll(async () => {
	await closeDispatchers();
	await pbx.close();
});

const INPUT = { tenant: 'Larkfield', ticket: 7, name: 'not the department', Id: 'mine' };

const run = async (parameters: NodeRunInput['parameters'], more: Partial<NodeRunInput> = {}) => {
	const { clientId, clientSecret } = pbx.defaultClient;
	const credentials = new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret });
	return (await runNode({ parameters, credentials, items: [INPUT], ...more })).items.map(
		({ json }) => json,
	);
};

const departments = (requestOptions: object) => ({
	resource: 'department',
	operation: 'getAll',
	requestOptions: { ...requestOptions },
});

test.each<[string, unknown, string[]]>([
	['nothing where the option was not added', undefined, []],
	['nothing where it is empty', '', []],
	['all fields with a star', '*', ['tenant', 'ticket', 'name']],
	['those that are named', 'tenant, ticket', ['tenant', 'ticket']],
	['those of a list', "={{ ['ticket'] }}", ['ticket']],
	['none that the item does not have', 'nobody, toString, ticket', ['ticket']],
])('%s', async (_, passOn, kept) => {
	const rows = await run(departments(passOn === undefined ? {} : { passOn }));
	expect(rows.length).toBeGreaterThan(0);
	for (const row of rows) {
		expect(
			Object.keys(row).filter((key) =>
				['tenant', 'ticket', 'name', 'nobody', 'toString'].includes(key),
			),
		).toEqual(kept);
		// What the operation gives is kept.
		expect(row.Id).toEqual(expect.any(Number));
	}
});

test('an AI tool says in its headline what to do, and in which parameter: a model sees nothing else', async () => {
	const { clientId, clientSecret } = pbx.defaultClient;
	const failing = async (type: string) =>
		(
			await runNode({
				type,
				parameters: {
					resource: 'user',
					operation: 'setStatus',
					user: { __rl: true, mode: 'Number', value: '9999' },
					status: 'Away',
				},
				credentials: new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret }),
			})
		).error?.message;
	const headline = 'This PBX has no user with Number 9999';
	expect(await failing('n8n-nodes-threecx.threeCx')).toBe(headline);
	expect(await failing('n8n-nodes-threecx.threeCxTool')).toBe(
		`${headline}. Choose one from the list, or create it first. (Parameter: user)`,
	);
});

test('stays in an item that failed, where the execution goes on', async () => {
	const missing = {
		resource: 'department',
		operation: 'get',
		department: { __rl: true, mode: 'Name', value: 'Nobody' },
		ifNoneFound: 'error',
		requestOptions: { passOn: 'tenant', addPbx: true },
	};
	expect(await run(missing, { onError: 'continueRegularOutput' })).toEqual([
		{
			tenant: 'Larkfield',
			error: 'This PBX has no department with Name Nobody',
			hint: expect.any(String),
			pbx: new URL(pbx.url).host,
		},
	]);
	// n8n itself puts the input's fields around it there.
	const { failed } = await runNode({
		parameters: missing,
		credentials: new CredentialStore({
			pbxUrl: pbx.url,
			clientId: pbx.defaultClient.clientId,
			clientSecret: pbx.defaultClient.clientSecret,
		}),
		items: [INPUT],
		onError: 'continueErrorOutput',
	});
	expect(failed[0]?.json).toMatchObject({ tenant: 'Larkfield', ticket: 7 });
});
