import { closeDispatchers } from '../../lib/http/dispatchers';
import { rowNamed } from '../../nodes/ThreeCx/fields/named';
import { loadOptions } from '../../nodes/ThreeCx/methods';
import type { LoadOptionsMethod } from '../../nodes/ThreeCx/resource';
import { loadOptionsContext } from '../support/n8n';
import { startNode, type NodeUnderTest } from './routingHarness';

/** Where a list is an expression, names do as well as IDs: those differ from PBX to PBX. Over real HTTP. */

let node: NodeUnderTest;

beforeAll(async () => {
	node = await startNode();
});

afterAll(async () => {
	await closeDispatchers();
	await node.pbx.close();
});

const stored = (set: string, key: string, value: unknown) => node.pbx.store.find(set, key, value)!;
const given = (value: unknown) => ({ items: [{ value }] as never });

describe('a text names', () => {
	const rows = [
		{ Id: 1, Name: 'Sales' },
		{ Id: 2, Name: 'SALES' },
		{ Id: 3, Name: 'Support' },
		{ Id: 4, Name: null },
		{ Id: 5, Name: 'Front Desk' },
		{ Id: 6, Name: 'Front Desk' },
	];
	const naming = {
		what: 'queue',
		field: 'queues',
		namesOf: ({ Name }: { Name?: unknown }) => [Name],
	};

	test.each([
		['Sales', 1],
		['SALES', 2],
		['support', 3],
	])('%s: one row', (text, id) => {
		expect(rowNamed(rows, text, naming).Id).toBe(id);
	});

	test.each([
		['sales', 'Several queues are called "sales"'],
		['Front Desk', 'Several queues are called "Front Desk"'],
		['null', 'This PBX has no queue "null"'],
		['Sale', 'This PBX has no queue "Sale"'],
	])('%s: no row', (text, message) => {
		expect(() => rowNamed(rows, text, naming)).toThrow(message);
	});
});

describe('in an expression', () => {
	const trunk = () => node.pbx.store.rows('Trunks')[0]!;

	test.each(['Id', 'Number', 'provider'] as const)(
		'the trunk of an outbound rule by %s',
		async (by_) => {
			const { Id, Number: number, Gateway } = trunk();
			const value =
				by_ === 'provider'
					? String((Gateway as { Name: string }).Name).toUpperCase()
					: by_ === 'Id'
						? Id
						: number;
			await node.run(
				'outboundRule',
				'create',
				{ name: `By ${by_}`, routes: { route: [{ trunkId: '={{ $json.value }}' }] } },
				given(value),
			);
			expect(stored('OutboundRules', 'Name', `By ${by_}`).Routes).toMatchObject([{ TrunkId: Id }]);
		},
	);

	test.each([
		['Nobody', 'This PBX has no trunk "Nobody"'],
		['', 'No trunk was chosen'],
	])('no trunk is called "%s"', async (value, message) => {
		const refusal = await node.refusal(
			'outboundRule',
			'create',
			{ name: 'None', routes: { route: [{ trunkId: '={{ $json.value }}' }] } },
			given(value),
		);
		expect(refusal.message).toBe(message);
		expect(node.pbx.store.find('OutboundRules', 'Name', 'None')).toBeUndefined();
	});

	test('the trunk of an inbound rule, the time zone of a department', async () => {
		const { Gateway, Number: number } = trunk();
		await node.run(
			'inboundRule',
			'create',
			{ ruleName: 'Named', data: '*77', additionalFields: { trunk: '={{ $json.value }}' } },
			given((Gateway as { Name: string }).Name),
		);
		expect(stored('InboundRules', 'RuleName', 'Named').TrunkDN).toMatchObject({ Number: number });
		const lists: Record<string, LoadOptionsMethod> = loadOptions;
		const [zone] = await lists.getTimeZones!.call(loadOptionsContext({}, node.credentials));
		await node.run(
			'department',
			'create',
			{ name: 'Zoned', additionalFields: { timeZoneId: '={{ $json.value }}' } },
			given(zone!.name),
		);
		expect(stored('Groups', 'Name', 'Zoned').TimeZoneId).toBe(zone!.value);
	});

	test('queues of a live status and of a report, the department of a report', async () => {
		const queue = node.pbx.store.rows('Queues')[0]!;
		const [status] = await node.run(
			'queue',
			'getLiveStatus',
			{ queueNumbers: '={{ $json.value }}' },
			given([String(queue.Name).toLowerCase()]),
		);
		expect(status).toMatchObject({ queue: queue.Number });
		const before = node.pbx.requests.length;
		await node.run(
			'report',
			'get',
			{ report: 'QueuePerformanceTotals', queues: '={{ $json.value }}' },
			given([queue.Name, '801']),
		);
		await node.run(
			'report',
			'get',
			{ report: 'ExtensionStatisticsByGroup', department: '={{ $json.value }}' },
			given(node.pbx.store.rows('Groups')[0]!.Name),
		);
		const paths = node.pbx.requests.slice(before).map(({ path }) => decodeURIComponent(path));
		expect(paths.find((path) => path.includes('GetQueuePerformanceTotals'))).toContain(
			`queueDns='${String(queue.Number)},801'`,
		);
		expect(paths.find((path) => path.includes('GetExtensionStatisticsByGroup'))).toContain(
			`groupNumber='${String(node.pbx.store.rows('Groups')[0]!.Number)}'`,
		);
		const refusal = await node.refusal('report', 'get', {
			report: 'QueuePerformanceTotals',
			queues: ['Nobody'],
		});
		expect(refusal.message).toBe('This PBX has no queue "Nobody"');
	});

	test('a service by what the console calls it', async () => {
		const context = loadOptionsContext({}, node.credentials);
		const lists: Record<string, LoadOptionsMethod> = loadOptions;
		const [service] = await lists.getServices!.call(context);
		const names = [String(service!.name).toUpperCase()];
		expect(
			await node.run('system', 'restartServices', { services: '={{ $json.value }}' }, given(names)),
		).toEqual([{ restarting: [service!.value] }]);
	});

	test('rows to delete, each once; digits are IDs', async () => {
		const rule = async (ruleName: string, data: string) =>
			Number((await node.run('inboundRule', 'create', { ruleName, data }))[0]!.Id);
		const first = await rule('First', '+441');
		await rule('Second', '+442');
		await rule('Twice', '+443');
		await rule('Twice', '+444');
		const ids = `${first}, First, Second, Third, 424242`;
		expect(await node.run('inboundRule', 'deleteMany', { ids }, {})).toEqual([
			expect.objectContaining({ Id: first, deleted: true }),
			expect.objectContaining({ RuleName: 'Second', deleted: true }),
			{ Id: 424_242, deleted: false },
			{ RuleName: 'Third', deleted: false },
		]);
		expect((await node.refusal('inboundRule', 'deleteMany', { ids: 'Twice' })).message).toBe(
			'Several inbound rules are called "Twice"',
		);
		expect(await node.run('inboundRule', 'deleteMany', { ids: '+443' })).toEqual([
			expect.objectContaining({ Data: '+443', deleted: true }),
		]);
		await node.run('blockedNumber', 'create', { callerId: '+44999' });
		expect(await node.run('blockedNumber', 'deleteMany', { ids: '+44999, nobody' })).toEqual([
			expect.objectContaining({ CallerId: '+44999', deleted: true }),
			{ Id: 'nobody', deleted: false },
		]);
	});
});
