import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { N8nApi, type WorkflowTemplate } from '../../sandbox/playground/api';
import { CREDENTIAL_TYPE, openN8n, type TestedN8n } from './support';

/**
 * The workflow for an MSP as it ships, in a real n8n: a data table of five customers, one of whose PBXs is down and one
 * of whose secrets is wrong. What becomes of the credential's expressions, the error output and the links between items
 * is n8n's own doing, so nothing less than n8n can show it.
 */

const TEMPLATE = join(__dirname, '..', '..', 'workflows', 'tenants.json');
const COLUMNS = ['name', 'pbxUrl', 'clientId', 'clientSecret'] as const;

type Row = Record<(typeof COLUMNS)[number], string>;

/** n8n's interface with its data tables, as the editor uses it. */
class TablesApi extends N8nApi {
	/** Path of the data tables in the owner's own project. */
	private async tables(): Promise<string> {
		const { id } = await this.request<{ id: string }>('GET', '/rest/projects/personal');
		return `/rest/projects/${id}/data-tables`;
	}

	/** Makes a table of text columns and fills it. */
	async createTable(name: string, rows: Row[]): Promise<string> {
		const tables = await this.tables();
		const columns = COLUMNS.map((column) => ({ name: column, type: 'string' }));
		const { id } = await this.request<{ id: string }>('POST', tables, { name, columns });
		this.toRemove(id, async () => await this.request('DELETE', `${tables}/${id}`));
		await this.request('POST', `${tables}/${id}/insert`, { data: rows });
		return id;
	}

	/** Changes the row of a customer. */
	async changeRow(tableId: string, name: string, data: Partial<Row>): Promise<void> {
		const filters = [{ columnName: 'name', condition: 'eq', value: name }];
		const filter = { type: 'and', filters };
		await this.request('PATCH', `${await this.tables()}/${tableId}/rows`, { filter, data });
	}
}

/** The holiday that the workflow brings, with whatever differs. */
const christmas = (more: object = {}) => ({
	Name: 'Christmas Day',
	Day: 25,
	Month: 12,
	Year: 2026,
	DayEnd: 25,
	MonthEnd: 12,
	YearEnd: 2026,
	TimeOfStartDate: 'PT0S',
	TimeOfEndDate: 'PT23H59M',
	IsRecurrent: true,
	...more,
});

let n8n: TestedN8n;
let api: TablesApi;
let tableId: string;
let workflowId: string;
/** The customers' PBXs by the customers' names. All give their clients the same ID. */
const pbxs: Record<string, Pbx> = {};

const ALDER = 'Alder & Sons';
const BIRCH = 'Birch GmbH';
const CEDAR = 'Cedar Ltd';
const DOGWOOD = 'Dogwood "Inc"';
const ELM = 'Elm SARL';

beforeAll(async () => {
	n8n = await openN8n();
	api = new TablesApi(n8n.api.baseUrl, n8n.isGuest);
	await api.signIn(n8n.owner);
	for (const [index, name] of [ALDER, BIRCH, CEDAR, DOGWOOD, ELM].entries()) {
		pbxs[name] = await startPbx({ seed: 'empty', host: `127.0.0.${index + 2}` });
	}
	pbxs[BIRCH]!.store.insert('Holidays', {
		Id: 7,
		...christmas({ Day: 24, TimeOfStartDate: 'PT12H' }),
	});
	pbxs[ELM]!.store.insert('Holidays', { Id: 7, ...christmas() });
	await pbxs[CEDAR]!.down();

	const rows = Object.entries(pbxs).map(([name, { url, defaultClient }]) => ({
		name,
		pbxUrl: url,
		clientId: defaultClient.clientId,
		clientSecret: name === DOGWOOD ? 'mistyped' : defaultClient.clientSecret,
	}));
	// Whoever's n8n we are guests in may have a table of that name.
	const table = n8n.isGuest ? `3CX tenants (test ${process.pid})` : '3CX tenants';
	tableId = await api.createTable(table, rows);
	const credential = await api.saveCredential('The PBX of each item', CREDENTIAL_TYPE, {
		pbxUrl: '={{ $json.pbxUrl }}',
		clientId: '={{ $json.clientId }}',
		clientSecret: '={{ $json.clientSecret }}',
	});
	const text = await readFile(TEMPLATE, 'utf8');
	const template = JSON.parse(
		text.replace('"value": "3CX tenants"', `"value": ${JSON.stringify(table)}`),
	) as WorkflowTemplate;
	const nodes = template.nodes.map((node) =>
		node.type === 'n8n-nodes-threecx.threeCx'
			? { ...node, credentials: { [CREDENTIAL_TYPE]: credential } }
			: node,
	);
	({ id: workflowId } = await api.saveWorkflow({ ...template, nodes }));
}, 330_000);

afterAll(async () => {
	await Promise.all(Object.values(pbxs).map(async (pbx) => await pbx.close()));
	await api?.removeCreated();
	await n8n?.close();
}, 60_000);

/** Executes the workflow by hand; gives what came out of its two ends. */
async function run() {
	const { status, error, items } = await api.run(workflowId, 'Try It');
	expect({ status, error }).toEqual({ status: 'success', error: undefined });
	const [done, failed] = [items('Done'), items('Failed')];
	const text = JSON.stringify([done, failed]);
	for (const { defaultClient } of Object.values(pbxs)) {
		expect(text).not.toContain(defaultClient.clientSecret);
	}
	return { done, failed };
}

const done = (tenant: string, outcome: string) => ({
	tenant,
	outcome,
	// The credential uses expressions: every item says by itself which PBX it was.
	pbx: new URL(pbxs[tenant]!.url).host,
	summary: `${tenant}: Christmas Day ${outcome}`,
});

/** What happened, and what to do about it. */
const said = (happened: string, cure: string) =>
	expect.stringMatching(new RegExp(`^${literally(happened)}.*${literally(cure)}`)) as string;

const literally = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

const holidays = (name: string) => pbxs[name]!.store.rows('Holidays');

test('every customer but two gets the holiday; those two are told apart, with cause and cure', async () => {
	const { done: upper, failed } = await run();
	expect(upper).toEqual([done(ALDER, 'created'), done(BIRCH, 'updated'), done(ELM, 'unchanged')]);
	expect(failed).toEqual([
		{
			tenant: CEDAR,
			pbxUrl: pbxs[CEDAR]!.url,
			problem: said(`${pbxs[CEDAR]!.url} refused the connection. `, 'that the PBX is running'),
		},
		{
			tenant: DOGWOOD,
			pbxUrl: pbxs[DOGWOOD]!.url,
			problem: said(
				`${pbxs[DOGWOOD]!.url} refuses the client ID or the client secret. `,
				'Integrations > API',
			),
		},
	]);
	for (const name of [ALDER, BIRCH, ELM]) {
		expect(holidays(name)).toEqual([expect.objectContaining(christmas())]);
	}
	for (const name of [CEDAR, DOGWOOD]) expect(holidays(name)).toEqual([]);
	expect(pbxs[DOGWOOD]!.failedLogins).toBe(1);
});

test('what is put right is caught up on by the next run, and changes nothing for the others', async () => {
	await pbxs[CEDAR]!.up();
	const { clientSecret } = pbxs[DOGWOOD]!.defaultClient;
	await api.changeRow(tableId, DOGWOOD, { clientSecret });
	expect(await run()).toEqual({
		done: [
			done(ALDER, 'unchanged'),
			done(BIRCH, 'unchanged'),
			done(CEDAR, 'created'),
			done(DOGWOOD, 'created'),
			done(ELM, 'unchanged'),
		],
		failed: [],
	});
	for (const { store, mints, defaultClient, requests } of Object.values(pbxs)) {
		expect(store.rows('Holidays')).toEqual([expect.objectContaining(christmas())]);
		// One token each for both runs, and no other PBX's token seen: that would have been refused.
		expect(mints[defaultClient.clientId]).toBe(1);
		expect(
			requests.filter(({ status, path }) => status === 401 && path !== '/connect/token'),
		).toEqual([]);
	}
});
