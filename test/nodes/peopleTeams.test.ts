import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import { gate } from '../support/gate';
import { by, list, openOffice, until, type Office } from './peopleHarness';

/** Departments, queues, ring groups and hours, and lists of members that several programs change at once. */

let office: Office;

beforeAll(async () => {
	office = await openOffice();
});

afterEach(() => office.pbx.faults.clear());

afterAll(async () => await office.close());

const groupId = (name: string) => office.pbx.store.find('Groups', 'Name', name)!.Id as number;
const agentsOf = (number: string) =>
	office.pbx.store.find('Queues', 'Number', number)!.Agents as IDataObject[];
const numbersOf = (rows: IDataObject[]) => rows.map(({ Number: number }) => number);

describe('a department', () => {
	test('takes members with a role, and lets them go', async () => {
		const night = await office.one('department', 'create', { name: 'Night Shift' });
		const department = by('Name', 'Night Shift');
		const members = { department, extensions: ['115', '116'] };
		expect(
			await office.run('department', 'addMember', { ...members, role: 'receptionists' }),
		).toEqual(
			['115', '116'].map((Number) => ({
				outcome: 'updated',
				changed: { Groups: expect.anything() as unknown },
				added: [Number],
				updated: [],
				removed: [],
				unchanged: [],
				GroupId: night.Id,
				Id: office.pbx.store.find('Users', 'Number', Number)!.Id,
				Number,
				RoleName: 'receptionists',
			})),
		);
		const [read] = await office.run('department', 'get', {
			department,
			options: { expand: ['Members'] },
		});
		expect(numbersOf(read!.Members as IDataObject[])).toEqual(['115', '116']);
		// The department that they were in before has them still.
		const groups = office.pbx.store.find('Users', 'Number', '115')!.Groups as IDataObject[];
		expect(groups.map(({ Name }) => Name)).toEqual(['Dental Care', 'Night Shift']);

		expect(
			await office.run('department', 'removeMember', { department, extensions: '115, 100' }),
		).toMatchObject([
			{ Number: '115', outcome: 'updated', removed: ['115'] },
			{ Number: '100', outcome: 'unchanged' },
		]);
		expect(await office.refusal('department', 'delete', { department })).toMatchObject({
			message: expect.stringMatching(/member/i),
		});
		await office.run('department', 'removeMember', { department, extensions: ['116'] });
		await office.run('department', 'delete', { department });
	});

	test('touches nobody when one of the numbers is unknown', async () => {
		const parameters = {
			department: by('Name', 'Billing'),
			extensions: ['116', '9998', '9999'],
			role: 'users',
		};
		const sent = await office.requestsOf(async () => {
			expect((await office.refusal('department', 'addMember', parameters)).message).toBe(
				'This PBX has no user with Number 9998, 9999',
			);
		});
		expect(sent).not.toContain('PATCH');
		expect(
			await office.refusal('department', 'addMember', { ...parameters, department: list(99_999) }),
		).toMatchObject({ message: 'This PBX has no department with ID 99999' });
	});

	test('lists its roles', async () => {
		const roles = await office.run('department', 'getRoles', { department: by('Name', 'Billing') });
		expect(roles.map(({ RoleName }) => RoleName)).toContain('receptionists');
	});

	test('is closed by hand until a time in the zone of the workflow, and follows its hours again', async () => {
		const department = list(groupId('Billing'));
		const closed = { department, mode: 'ForceClosed', until: '2099-07-01T09:00:00' };
		expect(await office.one('department', 'setOfficeHoursMode', closed)).toEqual({
			outcome: 'updated',
			Id: groupId('Billing'),
			Name: 'Billing',
			CurrentGroupHours: 'ForceClosed',
			// The workflow of the test is in London, which is an hour ahead of UTC in summer.
			OverrideExpiresAt: '2099-07-01T08:00:00.000Z',
			changed: {
				CurrentGroupHours: { from: 'Default', to: 'ForceClosed' },
				OverrideExpiresAt: { from: null, to: '2099-07-01T08:00:00.000Z' },
			},
			previous: 'Default',
		});
		const open = { department, mode: 'Default' };
		expect(await office.one('department', 'setOfficeHoursMode', open)).toMatchObject({
			outcome: 'updated',
			OverrideExpiresAt: null,
			previous: 'ForceClosed',
		});
		expect(await office.one('department', 'setOfficeHoursMode', open)).toMatchObject({
			outcome: 'unchanged',
		});
		expect(
			await office.refusal('department', 'setOfficeHoursMode', {
				...closed,
				until: '2020-01-01T00:00:00',
			}),
		).toMatchObject({ message: 'The time under "Until" is in the past' });
		expect(
			await office.refusal('department', 'setOfficeHoursMode', { ...closed, until: 'soon' }),
		).toMatchObject({ message: expect.stringMatching(/soon/) });
	});
});

describe('a queue', () => {
	const queue = by('Number', '800');

	test('takes agents and keeps the order of those who are there', async () => {
		const id = office.pbx.store.find('Queues', 'Number', '800')!.Id;
		expect(numbersOf(agentsOf('800'))).toEqual(['103', '104', '105', '106']);
		expect(
			await office.one('queue', 'addAgent', {
				queue,
				extensions: ['107', '104', '107'],
				skillGroup: '',
			}),
		).toEqual({
			outcome: 'updated',
			changed: {
				Agents: expect.objectContaining({ to: expect.arrayContaining(['107']) as unknown }),
			},
			Id: id,
			added: ['107'],
			updated: [],
			removed: [],
			unchanged: ['104'],
		});
		expect(
			await office.one('queue', 'addAgent', { queue, extensions: '104', skillGroup: '2' }),
		).toMatchObject({ added: [], updated: ['104'] });
		expect(
			await office.one('queue', 'removeAgent', { queue, extensions: ['103', '129'] }),
		).toMatchObject({ removed: ['103'], unchanged: ['129'] });
		expect(agentsOf('800')).toEqual([
			expect.objectContaining({ Number: '104', SkillGroup: '2' }),
			expect.objectContaining({ Number: '105' }),
			expect.objectContaining({ Number: '106' }),
			expect.objectContaining({ Number: '107' }),
		]);
	});

	test('takes managers in the same way', async () => {
		expect(
			await office.one('queue', 'addManager', { queue, extensions: ['100', '103'] }),
		).toMatchObject({ added: ['100'], unchanged: ['103'] });
		expect(
			await office.one('queue', 'removeManager', { queue, extensions: ['100'] }),
		).toMatchObject({ removed: ['100'] });
	});

	test('names the agent who does not exist', async () => {
		const before = agentsOf('801');
		expect(
			await office.refusal('queue', 'addAgent', {
				queue: by('Number', '801'),
				extensions: ['100', '9999'],
			}),
		).toMatchObject({ message: expect.stringMatching(/^Agents.*does not exist.*: 9999$/) });
		expect(agentsOf('801')).toEqual(before);
	});

	test('shows its agents with their state', async () => {
		await office.one('user', 'logOutOfQueues', { user: by('Number', '111') });
		const agents = await office.run('queue', 'getAgents', { queue: by('Number', '801') });
		expect(agents).toEqual(
			['110', '111', '112'].map((number) => ({
				Queue: '801',
				Number: number,
				Name: expect.any(String),
				IsRegistered: expect.any(Boolean),
				CurrentProfileName: 'Available',
				QueueStatus: number === '111' ? 'LoggedOut' : 'LoggedIn',
			})),
		);
	});

	test('starts its statistics anew', async () => {
		expect(
			await office.requestsOf(async () => {
				expect(await office.one('queue', 'resetStatistics', { queue })).toMatchObject({
					reset: true,
				});
			}),
		).toEqual(['GET', 'POST']);
		expect(
			await office.refusal('queue', 'resetStatistics', { queue: by('Number', '899') }),
		).toMatchObject({ message: 'This PBX has no queue with Number 899' });
	});

	test('sends callers elsewhere when nobody answers', async () => {
		const created = await office.one('queue', 'create', {
			name: 'Overflow',
			additionalFields: {
				forwardNoAnswer: { destination: { to: 'VoiceMail', target: '100' } },
			},
		});
		const [read] = await office.run('queue', 'get', {
			queue: list(created.Id as number),
			simplify: false,
		});
		expect(read!.ForwardNoAnswer).toMatchObject({ To: 'VoiceMail', Number: '100' });
	});
});

describe('a ring group', () => {
	test('lives: create, change, list with its members, members come and go, delete', async () => {
		const created = await office.one('ringGroup', 'create', {
			name: 'Night Bell',
			members: ['101', '102'],
			additionalFields: {
				ringTime: 12,
				ringStrategy: 'Hunt',
				forwardNoAnswer: { destination: { to: 'Queue', target: '800' } },
			},
		});
		const ringGroup = by('Number', String(created.Number));
		expect(
			await office.one('ringGroup', 'addMember', { ringGroup, extensions: ['103', '101'] }),
		).toEqual({
			outcome: 'updated',
			changed: {
				Members: { from: expect.any(Array) as unknown, to: expect.any(Array) as unknown },
			},
			Id: created.Id,
			added: ['103'],
			removed: [],
			updated: [],
			unchanged: ['101'],
		});
		expect(
			await office.one('ringGroup', 'removeMember', { ringGroup, extensions: ['101'] }),
		).toMatchObject({ removed: ['101'] });
		await office.one('ringGroup', 'update', { ringGroup, updateFields: { ringTime: 30 } });
		const [listed] = await office.run('ringGroup', 'getAll', {
			filters: {
				conditions: [{ field: 'Name|text', operator: 'startsWith', value: 'night' }],
			},
			expands: { link: [{ property: 'Members', select: ['Number'] }] },
		});
		expect(listed).toMatchObject({
			RingStrategy: 'Hunt',
			RingTime: 30,
			Members: [{ Number: '102' }, { Number: '103' }],
		});
		expect(
			await office.one('ringGroup', 'upsert', { matchBy: 'Name', name: 'Night Bell' }),
		).toMatchObject({ outcome: 'unchanged' });
		await office.one('ringGroup', 'delete', { ringGroup });
		expect(await office.refusal('ringGroup', 'get', { ringGroup })).toMatchObject({
			message: `This PBX has no ring group with Number ${String(created.Number)}`,
		});
	});
});

describe('lists that others change at the same time', () => {
	const queue = by('Number', '802');
	const path = () =>
		`/xapi/v1/Queues(${String(office.pbx.store.find('Queues', 'Number', '802')!.Id)})`;
	const patches = () =>
		office.pbx.requests.filter((request) => request.method === 'PATCH' && request.path === path())
			.length;
	const overwrite = (agents: IDataObject[]) =>
		office.pbx.store.update('Queues', office.pbx.store.find('Queues', 'Number', '802')!, {
			Agents: agents,
		});

	test('any additions and removals do what sets do, keep the order, and are idempotent', async () => {
		const some = fc.subarray(['100', '101', '102', '103', '104', '105', '106', '107']);
		const change = fc.record({
			held: fc.shuffledSubarray(['100', '101', '102', '103', '104']),
			chosen: some,
			verb: fc.constantFrom('add', 'remove'),
		});
		await fc.assert(
			fc.asyncProperty(change, async ({ held, chosen, verb }) => {
				fc.pre(chosen.length > 0);
				overwrite(held.map((Number) => ({ Number })));
				const parameters = { queue, extensions: chosen, skillGroup: '' };
				const first = await office.one('queue', `${verb}Agent`, parameters);
				const isNew = (number: string) => !held.includes(number);
				const after =
					verb === 'add'
						? [...held, ...chosen.filter(isNew)]
						: held.filter((number) => !chosen.includes(number));
				expect(numbersOf(agentsOf('802'))).toEqual(after);
				expect(first).toMatchObject({
					added: verb === 'add' ? chosen.filter(isNew) : [],
					removed: verb === 'add' ? [] : held.filter((number) => chosen.includes(number)),
				});
				const before = patches();
				expect(await office.one('queue', `${verb}Agent`, parameters)).toMatchObject({
					added: [],
					updated: [],
					removed: [],
					unchanged: chosen,
				});
				expect(patches()).toBe(before);
			}),
			{ numRuns: 40 },
		);
	});

	test('many additions from one workflow all arrive', async () => {
		const extensions = ['107', '108', '109', '110', '111', '112', '113', '114'];
		await office.run(
			'queue',
			'addAgent',
			{ queue, extensions: '={{ $json.extension }}' },
			{ items: extensions.map((extension) => ({ extension })) },
		);
		expect(numbersOf(agentsOf('802'))).toEqual(expect.arrayContaining(extensions));
	});

	test('what another program overwrites just after our write is written again', async () => {
		const theirs = agentsOf('802');
		// The first read finds the list, the second looks whether the write has held.
		const reads = { method: 'GET', path: /Queues\(\d+\)/ };
		office.pbx.faults.next({ ...reads, delayMs: 0 });
		const looking = gate();
		office.pbx.faults.next({ ...reads, until: looking.opened });
		const before = patches();
		const adding = office.one('queue', 'addAgent', { queue, extensions: ['129'] });
		await until(() => numbersOf(agentsOf('802')).includes('129'));
		overwrite(theirs);
		looking.open();
		expect(await adding).toMatchObject({ added: ['129'] });
		expect(numbersOf(agentsOf('802'))).toContain('129');
		expect(patches() - before).toBe(2);
	});

	test('a change that never shows is told, not repeated for ever', async () => {
		const before = patches();
		// The PBX says 204 and does nothing, as it does with role names in the wrong place (protocol 4.5).
		office.pbx.faults.next({ method: 'PATCH', path: /Queues/, status: 204, times: 10 });
		expect(await office.refusal('queue', 'addAgent', { queue, extensions: ['128'] })).toMatchObject(
			{
				message: 'The PBX accepted the change of Agents 3 times but does not show it',
			},
		);
		expect(patches() - before).toBe(3);
	});
});

describe('holidays', () => {
	test('live: create, read, move, list, delete', async () => {
		const created = await office.one('holiday', 'create', {
			name: 'Christmas',
			start: '2026-12-24T13:30:00',
			end: '2027-01-02T08:00:00',
			isRecurrent: true,
		});
		const dates = {
			Day: 24,
			Month: 12,
			Year: 2026,
			TimeOfStartDate: '13:30',
			DayEnd: 2,
			MonthEnd: 1,
			YearEnd: 2027,
			TimeOfEndDate: '08:00',
		};
		expect(created).toMatchObject({ Name: 'Christmas', IsRecurrent: true, ...dates });
		const holiday = by('Name', 'Christmas');
		expect(await office.one('holiday', 'get', { holiday })).toMatchObject(dates);
		// One day, from midnight to its last minute; an offset is not moved into another day.
		await office.one('holiday', 'update', {
			holiday,
			updateFields: { start: '2026-12-25T00:00:00.000+13:00' },
		});
		expect(await office.run('holiday', 'getAll', {})).toContainEqual(
			expect.objectContaining({
				Day: 25,
				TimeOfStartDate: '00:00',
				DayEnd: 25,
				YearEnd: 2026,
				TimeOfEndDate: '23:59',
			}),
		);
		expect(
			await office.one('holiday', 'upsert', {
				name: 'Christmas',
				start: '2026-12-25',
				isRecurrent: true,
			}),
		).toMatchObject({ outcome: 'unchanged' });
		await office.one('holiday', 'delete', { holiday });
		expect(await office.refusal('holiday', 'get', { holiday })).toMatchObject({
			message: 'This PBX has no holiday with Name Christmas',
		});
	});

	test.each([
		[
			'an end before the start',
			{ start: '2026-12-25', end: '2026-12-24' },
			/ends before it begins/,
		],
		[
			'an end without a start',
			{ start: "={{ '' }}", end: '2026-12-24' },
			/^A new holiday needs "Start"/,
		],
		[
			'an end that is no date',
			{ start: '2026-12-25', end: 'Xmas' },
			/"Xmas" under "End" is not a date/,
		],
		['a start that is no date', { start: 'Xmas' }, /"Xmas" under "Start" is not a date/],
	])('%s is refused', async (_, dates, message) => {
		const refused = await office.refusal('holiday', 'create', { name: 'X', ...dates });
		expect(refused.message).toMatch(message);
	});
});

describe('office hours', () => {
	const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'];
	const hours = {
		time: [
			{ days: weekdays, from: '8:30', to: '17:00' },
			{ days: ['Saturday'], from: '09:00', to: '12:00' },
		],
	};
	const table = [
		...weekdays.map((day) => ({ day, from: '08:30', to: '17:00' })),
		{ day: 'Saturday', from: '09:00', to: '12:00' },
	];

	test('are written as a week, read back and left alone when they are so already', async () => {
		const breaks = { time: [{ days: weekdays, from: '12:00', to: '12:45' }] };
		expect(await office.one('officeHours', 'update', { hours, breaks })).toMatchObject({
			outcome: 'updated',
			hours: table,
		});
		expect(await office.one('officeHours', 'get')).toEqual({
			hours: table,
			breaks: weekdays.map((day) => ({ day, from: '12:00', to: '12:45' })),
		});
		expect(await office.one('officeHours', 'update', { hours })).toMatchObject({
			outcome: 'unchanged',
		});
		expect(await office.one('officeHours', 'get')).toMatchObject({
			breaks: expect.arrayContaining([{ day: 'Monday', from: '12:00', to: '12:45' }]),
		});
	});

	test.each([
		['a time that is none', '25:00', '26:00', /"25:00" under "From" is not a time of day/],
		['an end before the beginning', '17:00', '09:00', /ends before it begins/],
	])('%s is refused', async (_, from, to, message) => {
		const time = [{ days: ['Monday'], from, to }];
		expect((await office.refusal('officeHours', 'update', { hours: { time } })).message).toMatch(
			message,
		);
		expect((await office.refusal('officeHours', 'update', {})).message).toBe('No hours to set');
	});
});
