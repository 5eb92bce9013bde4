import type { IDataObject } from 'n8n-workflow';
import { by, openOffice, type Office } from './peopleHarness';

/** Where a user is used, out of all of it, and one destination for another everywhere. */

let office: Office;

beforeEach(async () => {
	office = await openOffice();
});

afterEach(async () => await office.close());

const user = by('Number', '103');
const to = (kind: string, target = '') => ({ destination: { to: kind, target } });
const store = () => office.pbx.store;
const find = (set: string, property: string, value: string) => store().find(set, property, value)!;
const touchedOf = ({ touched }: IDataObject) => touched as IDataObject[];
const inWords = (rows: IDataObject[]) =>
	rows.map((row) =>
		[row.in, row.number, row.name, row.as, row.is ?? `${String(row.from)} > ${String(row.to)}`]
			.filter(Boolean)
			.join(' | '),
	);

const RULE = { RuleName: 'Front desk' };
const AT_103 = { To: 'Extension', Number: '103', External: '', Type: 'Extension', Tags: [] };

/** Oscar, 103, is agent and manager of queue 800 and in Reception; everything else that may name him does so, too. */
async function entangle(): Promise<void> {
	await office.one('ringGroup', 'addMember', {
		ringGroup: by('Number', '600'),
		extensions: ['103'],
	});
	const ivr = by('Number', '700');
	await office.one('ivr', 'setKey', { ivr, key: '7', keyDestination: to('Extension', '103') });
	await office.one('user', 'updateForwarding', {
		user: by('Number', '104'),
		status: 'Available',
		rules: { rule: [{ when: 'busy', callers: 'external', to: 'Extension', target: '103' }] },
	});
	const groupId = find('Groups', 'Name', 'Billing').Id as number;
	await office.one('user', 'addToDepartment', { user, groupId, role: 'users' });
	await office.one('queue', 'update', {
		queue: by('Number', '801'),
		updateFields: { forwardNoAnswer: to('VoiceMail', '103') },
	});
	store().update('InboundRules', find('InboundRules', 'RuleName', RULE.RuleName), {
		OfficeHoursDestination: AT_103,
	});
	await office.one('outboundRule', 'create', {
		name: 'Mobiles',
		prefix: '07',
		additionalFields: {
			dnRanges: { range: [{ from: '103' }, { from: '100', to: '110' }] },
		},
	});
}

const CALLS = [
	'User | 104 | Keira Doyle | Available: Busy, From Outside | Extension 103',
	'Inbound Rule | +442079460804 | Front desk | In Office Hours | Extension 103',
	'IVR | 700 | Welcome | Key 7 | Extension 103',
	'Queue | 801 | Emergencies | If No Agent Answers | Voice Mail 103',
];

test('Get Usage finds every place', async () => {
	await entangle();
	const usage = await office.one('user', 'getUsage', { user });
	expect(usage).toMatchObject({ Number: '103', name: 'Oscar Lindqvist', used: 11 });
	expect(inWords(usage.uses as IDataObject[]).sort()).toEqual(
		[
			'Department | Reception | Role: managers | Extension 103',
			'Department | Billing | Role: users | Extension 103',
			...CALLS,
			'Queue | 800 | Appointments | Agent | Extension 103',
			'Queue | 800 | Appointments | Manager | Extension 103',
			'Ring Group | 600 | Front Desk | Member | Extension 103',
			'Outbound Rule | Mobiles | Caller | Extension 103',
			'Outbound Rule | Mobiles | Caller | 100 to 110',
		].sort(),
	);
});

describe('Remove From Everything', () => {
	const everything = { user, insteadOfUser: to('Queue', '802') };
	const PLACES = [
		...CALLS.map((call) => `${call} > Queue 802`),
		'Queue | 800 | Appointments | Agent | Extension 103 > null',
		'Queue | 800 | Appointments | Manager | Extension 103 > null',
		'Ring Group | 600 | Front Desk | Member | Extension 103 > null',
		'Outbound Rule | Mobiles | Caller | Extension 103 > null',
		'Department | Billing | Member | Role: users > null',
	];

	test('plans without a write, does what it planned, and then has nothing to do', async () => {
		await entangle();
		let plan: IDataObject = {};
		const sent = await office.requestsOf(async () => {
			plan = await office.one('user', 'removeFromEverything', { ...everything, dryRun: true });
		});
		expect(new Set(sent)).toEqual(new Set(['GET']));
		expect(plan).toMatchObject({ outcome: 'wouldUpdate', done: 9, failed: 0, left: 1 });
		const planned = touchedOf(plan).filter(({ outcome }) => outcome === 'planned');
		expect(inWords(planned).sort()).toEqual([...PLACES].sort());
		expect(touchedOf(plan).filter(({ outcome }) => outcome === 'left')).toMatchObject([
			{ from: '100 to 110', reason: 'The range is also for other extensions' },
		]);

		const done = await office.one('user', 'removeFromEverything', everything);
		expect(done).toMatchObject({ outcome: 'updated', done: 9, failed: 0, left: 1 });
		expect(inWords(touchedOf(done))).toEqual(inWords(touchedOf(plan)));

		const usage = await office.one('user', 'getUsage', { user });
		expect(inWords(usage.uses as IDataObject[])).toEqual([
			'Department | Reception | Role: managers | Extension 103',
			'Outbound Rule | Mobiles | Caller | 100 to 110',
		]);
		// Others stay, in their order.
		const agents = find('Queues', 'Number', '800').Agents as IDataObject[];
		expect(agents.map(({ Number }) => Number)).toEqual(['104', '105', '106']);
		expect(find('Receptionists', 'Number', '700').Forwards).toHaveLength(5);
		expect(await office.one('user', 'removeFromEverything', everything)).toMatchObject({
			outcome: 'unchanged',
			done: 0,
			left: 1,
		});
	});

	test('does not fail when the third write does: it says what was done, and the next run does the rest', async () => {
		await entangle();
		office.pbx.faults.next({
			method: 'PATCH',
			path: /Receptionists/,
			status: 400,
			body: { error: { code: '', message: 'Forwards:\nWARNINGS.XAPI.INVALID' } },
		});
		const item = await office.one('user', 'removeFromEverything', everything);
		expect(item).toMatchObject({ outcome: 'incomplete', done: 8, failed: 1 });
		expect(touchedOf(item).filter(({ outcome }) => outcome === 'failed')).toMatchObject([
			{ in: 'IVR', as: 'Key 7', reason: expect.stringContaining('Forwards') as string },
		]);
		expect(await office.one('user', 'removeFromEverything', everything)).toMatchObject({
			outcome: 'updated',
			done: 1,
			failed: 0,
		});
	});

	test('stops where all others would fail as well, and names what it has not tried', async () => {
		await entangle();
		office.pbx.faults.next({ method: 'PATCH', path: /InboundRules/, status: 403 });
		const item = await office.one('user', 'removeFromEverything', everything);
		expect(item).toMatchObject({ outcome: 'incomplete', done: 1, failed: 8 });
		expect(touchedOf(item).map(({ outcome }) => outcome)).toEqual([
			'done',
			'failed',
			...Array.from({ length: 6 }, () => 'notDone'),
			'left',
			'notDone',
		]);
		expect(touchedOf(item)[2]).toMatchObject({
			reason: expect.stringMatching(/^Not tried after the failure before: /) as string,
		});
	});

	test('fails where nothing was done at all', async () => {
		await entangle();
		office.pbx.faults.next({ method: 'PATCH', status: 403, times: 20 });
		const refusal = await office.refusal('user', 'removeFromEverything', everything);
		expect(refusal.message).not.toBe('');
		expect(
			inWords((await office.one('user', 'getUsage', { user })).uses as IDataObject[]),
		).toHaveLength(11);
	});

	test('leaves calls where nobody says where to, and departments where they shall stay', async () => {
		await entangle();
		const item = await office.one('user', 'removeFromEverything', {
			user,
			leaveDepartments: false,
		});
		expect(item).toMatchObject({ outcome: 'updated', done: 4, left: 5 });
		const left = touchedOf(item).filter(({ outcome }) => outcome === 'left');
		expect(left[0]).toMatchObject({
			to: null,
			reason: expect.stringContaining('choose a destination') as string,
		});
		expect((find('Users', 'Number', '103').Groups as unknown[]).length).toBe(2);
	});

	test('keeps a rule that is for this extension only', async () => {
		await office.one('outboundRule', 'create', {
			name: 'Only Oscar',
			prefix: '08',
			additionalFields: { dnRanges: { range: [{ from: '103', to: '103' }] } },
		});
		const item = await office.one('user', 'removeFromEverything', everything);
		expect(touchedOf(item).at(-1)).toMatchObject({
			in: 'Outbound Rule',
			name: 'Only Oscar',
			outcome: 'left',
			reason: expect.stringContaining('Delete the rule') as string,
		});
		expect(find('OutboundRules', 'Name', 'Only Oscar').DNRanges).toEqual([
			{ From: '103', To: '103' },
		]);
	});

	test('looks first whether the destination is there', async () => {
		const sent = await office.requestsOf(async () => {
			expect(
				await office.refusal('user', 'removeFromEverything', {
					user,
					insteadOfUser: to('Queue', '899'),
				}),
			).toMatchObject({
				message: '"Send Calls To" leads nowhere: this PBX has no queue 899',
			});
		});
		expect(sent).toEqual(['GET']);
	});
});

describe('settings of the whole PBX, and exceptions of others', () => {
	const exception = (Id: number, Data: string, Destination: object) => ({
		Id,
		CallType: 'AllCalls',
		Condition: 'BasedOnCallerID',
		Data,
		Destination,
		Enabled: true,
	});
	const AT_800 = { To: 'Queue', Number: '800', External: '', Type: 'Queue', Tags: [] };

	/** The rules of 104 lead to Oscar as well as calls that nobody picks up, the hotel's and the operator's. */
	function entangleSettings(): void {
		store().update('Users', find('Users', 'Number', '104'), {
			ForwardingExceptions: [exception(1, '07*', AT_103), exception(2, '08*', AT_800)],
		});
		store().singleton('CallParkingSettings', () => ({
			AutoPickupForwardType: 'DN',
			AutoPickupForwardDN: '103',
			AutoPickupForwardExternalNumber: '',
		}));
		store().singleton('HotelServices', () => ({ NoAnswerDestination: AT_103 }));
		store().singleton('GeneralSettingsForPbx', () => ({ OperatorExtension: '103' }));
	}

	const FOUR = [
		'User | 104 | Keira Doyle | Forwarding Exception 07* | Extension 103',
		'Call Parking | If Nobody Picks Up | Extension 103',
		'Hotel Services | If Nobody Answers | Extension 103',
		'General Settings | Operator | Extension 103',
	];
	const everything = { user, insteadOfUser: to('Queue', '802') };
	const usesOf = async () =>
		inWords((await office.one('user', 'getUsage', { user })).uses as IDataObject[]);

	test('are found, planned and changed; what else they hold stays', async () => {
		entangleSettings();
		expect(await usesOf()).toEqual(expect.arrayContaining(FOUR));
		const plan = await office.one('user', 'removeFromEverything', { ...everything, dryRun: true });
		const planned = FOUR.map((place) => `${place} > Queue 802`);
		expect(inWords(touchedOf(plan))).toEqual(expect.arrayContaining(planned));
		expect(await usesOf()).toEqual(expect.arrayContaining(FOUR));

		const done = await office.one('user', 'removeFromEverything', everything);
		expect(done).toMatchObject({ outcome: 'updated', failed: 0 });
		expect(done).not.toHaveProperty('notes');
		expect((await usesOf()).filter((use) => FOUR.includes(use))).toEqual([]);
		expect(find('Users', 'Number', '104').ForwardingExceptions).toMatchObject([
			{ Data: '07*', Condition: 'BasedOnCallerID', Destination: { To: 'Queue', Number: '802' } },
			{ Data: '08*', Destination: AT_800 },
		]);
		expect(store().singleton('CallParkingSettings')).toMatchObject({
			AutoPickupForwardType: 'DN',
			AutoPickupForwardDN: '802',
		});
		expect(store().singleton('GeneralSettingsForPbx')).toMatchObject({ OperatorExtension: '802' });
	});

	test('are places to replace a destination in, also where XAPI has a number only', async () => {
		entangleSettings();
		const replaceIn = async (replaced: IDataObject, replacement: IDataObject, places: string[]) =>
			inWords(
				touchedOf(
					await office.one('system', 'replaceDestination', {
						replaced,
						replacement,
						places,
					} as never),
				),
			);
		const queue = to('Queue', '801');
		expect(await replaceIn(to('Extension', '103'), queue, ['settings', 'parking'])).toEqual([
			'Call Parking | If Nobody Picks Up | Extension 103 > Queue 801',
			'General Settings | Operator | Extension 103 > Queue 801',
		]);
		// Nobody but the number says what it is.
		expect(await replaceIn(queue, to('Queue', '802'), ['settings'])).toHaveLength(1);
		expect(await replaceIn(to('VoiceMail', '802'), queue, ['settings'])).toEqual([]);
		expect(await replaceIn(to('Queue', '800'), queue, ['users'])).toEqual([
			'User | 104 | Keira Doyle | Forwarding Exception 08* | Queue 800 > Queue 801',
		]);
	});

	test('that this role may not see are named, and the rest is done', async () => {
		entangleSettings();
		office.pbx.faults.next({ path: /HotelServices/, status: 403, times: 3 });
		const usage = await office.one('user', 'getUsage', { user });
		expect(usage.notes).toEqual({ 'Hotel Services': expect.stringMatching(/may not/) as string });
		expect(inWords(usage.uses as IDataObject[])).toContain(FOUR[1]);
		const done = await office.one('user', 'removeFromEverything', everything);
		expect(done).toMatchObject({ outcome: 'updated', notes: usage.notes });
	});
});

describe('Replace Destination', () => {
	const replace = async (replaced: IDataObject, replacement: IDataObject, more: IDataObject = {}) =>
		await office.one('system', 'replaceDestination', {
			replaced,
			replacement,
			...more,
		} as never);

	test('sends calls of rules and menus elsewhere, and says so in a dry run first', async () => {
		const [from, instead] = [to('Queue', '801'), to('Queue', '802')];
		const expected = [
			'Inbound Rule | +442079460802 | Emergencies | In Office Hours | Queue 801 > Queue 802',
			'Inbound Rule | +442079460802 | Emergencies | Outside Office Hours | Queue 801 > Queue 802',
			'Inbound Rule | +442079460802 | Emergencies | On Holidays | Queue 801 > Queue 802',
			'IVR | 700 | Welcome | Key 2 | Queue 801 > Queue 802',
		];
		let plan: IDataObject = {};
		const sent = await office.requestsOf(async () => {
			plan = await replace(from, instead, { dryRun: true });
		});
		expect(new Set(sent)).toEqual(new Set(['GET']));
		expect(plan).toMatchObject({ outcome: 'wouldUpdate', replaced: 'Queue 801', done: 4 });
		expect(inWords(touchedOf(plan))).toEqual(expected);
		const item = await replace(from, instead);
		expect(item).toMatchObject({ outcome: 'updated', replacement: 'Queue 802', done: 4 });
		expect(find('InboundRules', 'RuleName', 'Emergencies')).toMatchObject({
			HolidaysDestination: { To: 'Queue', Number: '802' },
		});
		expect(await replace(from, instead)).toMatchObject({ outcome: 'unchanged', touched: [] });
	});

	test('of an extension takes its voicemail along, but not its own forwarding', async () => {
		await entangle();
		const item = await replace(to('Extension', '103'), to('VoiceMail', '103'));
		expect(item).toMatchObject({ outcome: 'updated', done: 3 });
		const elsewhere = await replace(to('Extension', '103'), to('Extension', '106'));
		expect(elsewhere).toMatchObject({ outcome: 'updated', done: 4 });
		const own = await office.one('user', 'getForwarding', { user, status: 'Available' });
		expect(own.busyExternal).toMatchObject({ text: 'Voice Mail 103' });
	});

	test('can leave the voicemail, and look in some places only', async () => {
		await entangle();
		const item = await replace(to('Extension', '103'), to('Extension', '106'), {
			includeVoicemail: false,
			places: ['queues', 'ivrs'],
		});
		expect(inWords(touchedOf(item))).toEqual([
			'IVR | 700 | Welcome | Key 7 | Extension 103 > Extension 106',
		]);
	});

	test('of an outside number compares what is dialled', async () => {
		const external = (number: string) => ({ destination: { to: 'External', external: number } });
		await replace(to('RingGroup', '600'), external('+44 20 7946 0199'), {
			places: ['inboundRules'],
		});
		expect(await replace(external('+442079460198'), to('Queue', '800'))).toMatchObject({
			outcome: 'unchanged',
		});
		expect(await replace(external('+442079460199'), to('Queue', '800'))).toMatchObject({ done: 3 });
	});

	test('names the keys of menus that cannot lead there', async () => {
		const external = { destination: { to: 'External', external: '+442079460199' } };
		const item = await replace(to('Queue', '802'), external);
		expect(item).toMatchObject({ outcome: 'updated', done: 3, left: 1 });
		expect(touchedOf(item).at(-1)).toMatchObject({
			as: 'Key 3',
			outcome: 'left',
			reason: expect.stringContaining('cannot be sent there') as string,
		});
	});

	test.each([
		['without one of them', {}, to('Queue', '800'), {}, 'The field "Replace" is empty'],
		['without the other', to('Queue', '800'), {}, {}, 'The field "With" is empty'],
		[
			'with a place that is none',
			to('Queue', '800'),
			to('Queue', '801'),
			{ places: ['trunks'] },
			'"trunks" under "Where" is no kind of place',
		],
		[
			'with a destination that is not there',
			to('Queue', '800'),
			to('Extension', '999'),
			{},
			'"With" leads nowhere: this PBX has no extension 999',
		],
	])('%s is refused', async (_, from, instead, more, message) => {
		await expect(replace(from, instead, more)).rejects.toMatchObject({ message });
	});
});
