import type { IDataObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { durationSeconds, timeOfDay } from '../../lib/xapi/duration';
import { catalogue, parseType, propertiesOf } from '../../lib/xapi/catalogue';
import { inZone, momentInList } from '../../nodes/ThreeCx/inZone';
import { listSearch, loadOptions } from '../../nodes/ThreeCx/methods';
import type { LoadOptionsMethod } from '../../nodes/ThreeCx/resource';
import { hasRows } from '../../nodes/ThreeCx/resource';
import { RESOURCES } from '../../nodes/ThreeCx/resources';
import { loadOptionsContext } from '../support/n8n';
import { by, list, startNode, type NodeUnderTest } from './routingHarness';

/** What comes out and what can be filled in, as people expect it: over real HTTP, in n8n's engine. */

const lists: Record<string, LoadOptionsMethod> = loadOptions;

let node: NodeUnderTest;

beforeAll(async () => {
	node = await startNode();
});

afterAll(async () => {
	await closeDispatchers();
	await node.pbx.close();
});

const one = async (...args: Parameters<NodeUnderTest['run']>): Promise<IDataObject> =>
	(await node.run(...args))[0]!;

const stored = (set: string, key: string, value: unknown) => node.pbx.store.find(set, key, value)!;

describe('columns', () => {
	const SETS = RESOURCES.filter(hasRows).filter(({ entitySet }) => entitySet !== 'Recordings');

	test.each(SETS)('$label: in the order of the summary', async ({ name, summary, entitySet }) => {
		const rows = await node.run(name, 'getAll', { limit: 5 }).catch(() => []);
		expect(entitySet).not.toBe('');
		for (const row of rows) {
			expect(Object.keys(row)).toEqual(summary.filter((column) => column in row));
		}
	});

	test('in the order in which they were chosen', async () => {
		const options = { select: ['LastName', 'Number', 'FirstName'] };
		const user = await one('user', 'get', { user: by('Number', '100'), options });
		expect(Object.keys(user)).toEqual(options.select);
		const [first] = await node.run('user', 'getAll', { limit: 1, options });
		expect(Object.keys(first!)).toEqual(options.select);
	});

	test('with linked records at the end', async () => {
		const user = await one('user', 'get', {
			user: by('Number', '100'),
			options: { expand: ['Groups'] },
		});
		expect(Object.keys(user).at(0)).toBe('Id');
		expect(Object.keys(user).at(-1)).toBe('Groups');
	});

	test('of settings: those of the form first', async () => {
		const settings = await one('mail', 'getSettings');
		expect(Object.keys(settings).slice(0, 2)).toEqual(['MailSslEnabled', 'MailPassword']);
	});
});

describe('times', () => {
	test('durations of rows are times of day', () => {
		const durations = RESOURCES.filter(hasRows).flatMap(({ type }) =>
			Object.entries(propertiesOf(catalogue, type))
				.filter(([, expression]) => parseType(expression).name === 'duration')
				.map(([name]) => name),
		);
		expect(durations.length).toBeGreaterThan(0);
		expect(durations.filter((name) => !name.startsWith('TimeOf'))).toEqual([]);
	});

	test.each([
		['PT13H30M', '13:30'],
		['PT0S', '00:00'],
		['PT23H59M59S', '23:59:59'],
		['PT8H', '08:00'],
		['P1D', 'P1D'],
		['-PT1H', '-PT1H'],
		['soon', 'soon'],
		[null, null],
	])('%p is the time of day %p', (duration, time) => {
		expect(timeOfDay(duration)).toBe(time);
		expect(durationSeconds(duration) ?? 0).not.toBeNaN();
	});

	test('a holiday raw has what 3CX sends', async () => {
		await node.run('holiday', 'create', { name: 'Eve', start: '2026-12-24T13:30:00' });
		const holiday = by('Name', 'Eve');
		expect(await one('holiday', 'get', { holiday })).toMatchObject({ TimeOfStartDate: '13:30' });
		expect(await one('holiday', 'get', { holiday, simplify: false })).toMatchObject({
			TimeOfStartDate: 'PT13H30M',
		});
	});

	test.each([
		['2026-07-01T08:00:00Z', 'Europe/London', '2026-07-01T09:00:00.000+01:00'],
		['2026-07-01T08:00:00', 'America/New_York', '2026-07-01T04:00:00.000-04:00'],
		['', 'Europe/London', ''],
		['never', 'Europe/London', 'never'],
		[null, 'Europe/London', null],
	])('%p in %s is %p', (StartTime, zone, expected) => {
		const [row] = inZone([{ StartTime, Status: StartTime }], 'InboundCall', zone);
		expect(row).toEqual({ StartTime: expected, Status: StartTime });
	});

	test('a report has them in the zone of the workflow, and raw in UTC', async () => {
		const report = { report: 'InboundCalls', period: 'last30Days', limit: 1 };
		const more = { timezone: 'Asia/Tokyo' };
		const [call] = await node.run('report', 'get', report, more);
		const [raw] = await node.run('report', 'get', { ...report, simplify: false }, more);
		expect(call!.StartTime).toMatch(/\+09:00$/);
		expect(Date.parse(String(call!.StartTime))).toBe(Date.parse(String(raw!.StartTime)));
		expect(raw!.StartTime).toMatch(/Z$/);
	});

	test('a recording is listed with them', async () => {
		const StartTime = '2026-07-01T23:30:00Z';
		node.pbx.store.insert('Recordings', { Id: 990, StartTime, ToDn: '100' });
		const context = loadOptionsContext({}, node.credentials);
		const { results } = await listSearch.searchRecordings!.call(context);
		const found = results.find(({ value }) => value === 990);
		expect(found?.name).toMatch(new RegExp(`^${momentInList(StartTime, context.getTimezone())} `));
		expect(momentInList(StartTime, 'Europe/Berlin')).toBe('2026-07-02 01:30');
		expect(momentInList('soon', 'Europe/Berlin')).toBe('soon');
	});
});

test('legs say the direction as all other items do', async () => {
	const legs = await node.run('callLog', 'getAll', {
		period: 'last30Days',
		itemPer: 'leg',
		returnAll: true,
	});
	expect([...new Set(legs.map(({ Direction }) => Direction))].toSorted()).toEqual(
		expect.arrayContaining(['inbound']),
	);
	expect(
		legs.filter(({ Direction }) => !/^(?:inbound|outbound|internal)$/.test(String(Direction))),
	).toEqual([]);
});

describe('an API client', () => {
	test('of this credential is marked, and is the last of the list', async () => {
		await node.run('apiClient', 'create', { number: 'zebra' });
		const context = loadOptionsContext({}, node.credentials);
		const { results } = await listSearch.searchAPIClients!.call(context);
		const { clientId } = node.pbx.defaultClient;
		expect(results.at(-1)?.name).toBe(`${clientId} (used by this credential)`);
		expect(results.slice(0, -1).map(({ name }) => name)).toContain('zebra');
		expect(results.slice(0, -1).filter(({ name }) => name.includes('credential'))).toEqual([]);
	});

	test('can do nothing that nobody turned on', async () => {
		const apiClient = by('Number', 'zebra');
		const [{ Id: groupId } = { Id: 0 }] = node.pbx.store.rows('Groups');
		expect(await one('apiClient', 'get', { apiClient })).toMatchObject({
			XAPIEnabled: false,
			CallControlEnabled: false,
		});
		await one('apiClient', 'setRights', { apiClient, groupId: groupId as number });
		expect(node.pbx.clients.find(({ clientId }) => clientId === 'zebra')).toMatchObject({
			role: 'users',
			xapiEnabled: false,
			callControlEnabled: false,
		});
	});
});

describe('forms in place of JSON', () => {
	const nine = { time: [{ days: ['Monday', 'Friday'], from: '9:00', to: '17:30' }] };
	const end = { to: 'None' };

	beforeAll(() => {
		node.pbx.store.insert('CustomPrompts', {
			Filename: 'closed.wav',
			DisplayName: 'We are closed',
			FileLink: '',
			CanBeDeleted: true,
			PromptType: 'File',
		});
	});

	test('hours, breaks, destinations and music of a department', async () => {
		await node.run('department', 'create', {
			name: 'Branch',
			additionalFields: { musicOnHold: 'closed.wav' },
			hours: nine,
			breaks: { time: [{ days: 'Monday', from: '12:00', to: '12:30' }] },
			closedRoutes: {
				route: [
					{ when: 'OfficeRoute', to: 'Extension', target: '100', prompt: '' },
					{ when: 'OutOfOfficeRoute', ...end, prompt: 'closed.wav' },
					{ when: 'HolidaysRoute', ...end, prompt: 'none' },
				],
			},
		});
		expect(stored('Groups', 'Name', 'Branch')).toMatchObject({
			Hours: {
				Type: 'OfficeHours',
				Periods: [
					{ DayOfWeek: 'Monday', Start: '09:00:00', Stop: '17:30:00' },
					{ DayOfWeek: 'Friday', Start: '09:00:00', Stop: '17:30:00' },
				],
			},
			BreakTime: { Type: 'BreakTime', Periods: [{ DayOfWeek: 'Monday', Start: '12:00:00' }] },
			MusicOnHold: 'closed.wav',
			OfficeRoute: { Route: { To: 'Extension', Number: '100' } },
			OutOfOfficeRoute: { IsPromptEnabled: true, Prompt: 'closed.wav', Route: { To: 'None' } },
			HolidaysRoute: { IsPromptEnabled: false, Route: { To: 'None' } },
			BreakRoute: { IsPromptEnabled: false },
		});
	});

	test('an empty table closes nobody’s week', async () => {
		const department = by('Name', 'Branch');
		const refusal = await node.refusal('department', 'update', {
			department,
			hours: {},
		});
		expect(refusal.message).toBe('No field to update');
		await node.run('department', 'update', {
			department,
			hours: {},
			updateFields: { language: 'DE' },
		});
		expect(stored('Groups', 'Name', 'Branch')).toMatchObject({
			Language: 'DE',
			Hours: { Periods: [{}, {}] },
		});
	});

	test.each([
		[
			{ days: ['Monday'], from: '17:00', to: '9:00' },
			'The time from 17:00 to 9:00 ends before it begins',
		],
		[{ days: ['Monday'], from: 'nine', to: '17:00' }, '"nine" under "From" is not a time of day'],
	])('hours that cannot be: %p', async (row, message) => {
		const fields = { name: 'Wrong', hours: { time: [row] } };
		expect((await node.refusal('department', 'create', fields)).message).toBe(message);
	});

	test('intro, music, departments and destinations of a queue', async () => {
		const [{ Id } = { Id: 0 }] = node.pbx.store.rows('Groups');
		const queue = await one('queue', 'create', {
			name: 'Repairs',
			additionalFields: {
				introFile: 'closed.wav',
				onHoldFile: 'closed.wav',
				departments: [Id as number],
			},
			closedRoutes: { route: [{ when: 'BreakRoute', ...end, prompt: 'closed.wav' }] },
		});
		expect(stored('Queues', 'Id', queue.Id)).toMatchObject({
			IntroFile: 'closed.wav',
			EnableIntro: true,
			OnHoldFile: 'closed.wav',
			Groups: [expect.objectContaining({ GroupId: Id })],
			BreakRoute: { IsPromptEnabled: true, Prompt: 'closed.wav' },
		});
		await node.run('queue', 'update', {
			queue: list(Number(queue.Id)),
			updateFields: { introFile: '' },
		});
		expect(stored('Queues', 'Id', queue.Id)).toMatchObject({ EnableIntro: false });
	});

	test('prompts are listed by name, before a destination with a way to leave them', async () => {
		const prompt = { name: 'We are closed', value: 'closed.wav' };
		const context = loadOptionsContext({}, node.credentials);
		expect(await lists.getPrompts!.call(context)).toContainEqual(prompt);
		const choices = await lists.getRoutePrompts!.call(context);
		expect(choices.slice(0, 2).map(({ value }) => value)).toEqual(['', 'none']);
		expect(choices).toContainEqual(prompt);
	});

	test('the DID of an inbound rule comes from a list, is typed, or stands in an older workflow', async () => {
		const context = loadOptionsContext({}, node.credentials);
		const { results } = await listSearch.searchDids!.call(context);
		expect(results.length).toBeGreaterThan(0);
		const [did] = results;
		expect(
			(await listSearch.searchDids!.call(context, did!.name.slice(-4))).results,
		).toContainEqual(did);
		const destination = { destination: { to: 'Extension', target: '100' } };
		for (const [ruleName, data] of [
			['From list', { __rl: true, mode: 'list', value: String(did!.value) }],
			['Typed', { __rl: true, mode: 'number', value: '+44 20 7946 0*' }],
			['Older', '+442079460899'],
		] as const) {
			const fields = { ruleName, data, officeHoursDestination: destination };
			await node.run('inboundRule', 'create', fields);
			expect(stored('InboundRules', 'RuleName', ruleName).Data).toBe(
				typeof data === 'string' ? data : data.value,
			);
		}
		const refusal = await node.refusal('inboundRule', 'create', {
			ruleName: 'None',
			officeHoursDestination: destination,
		});
		expect(refusal.message).toMatch(/Data/);
	});
});
