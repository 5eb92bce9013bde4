import { UNFILTERED } from '../../lib/xapi/callLog';
import { listFunction } from '../../lib/xapi/functions';
import { startPbx, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import type { ExecutionSummary, Workflow } from '../../sandbox/playground/api';
import { until } from '../callcontrolnode/node';
import { Collector } from '../callcontrol/collector';
import { clientOf } from '../callcontrol/link';
import type { TestServer } from '../support/httpServer';
import type { Telling } from '../support/workflows';
import {
	CREDENTIAL_TYPE,
	openN8n,
	startReceiver,
	telling,
	testOfOwnN8n,
	type TestedN8n,
} from './support';

/**
 * The call history trigger in a real n8n: when it polls, what n8n keeps of its memory, and whether an error ends it are
 * n8n's own doing. Each item that starts the workflow is sent on to a server of this test, so that "told" means that an
 * execution has run.
 */

const CALLER = '+441632960123';
const DAY = 86_400_000;

/** What an execution has sent on. */
interface Told {
	event: string;
	callId?: string;
	[field: string]: unknown;
}

let n8n: TestedN8n;
let receiver: TestServer;
let told: Collector<Told>;
let pbx: Pbx;
let workflow: Workflow;

beforeAll(async () => {
	receiver = await startReceiver<Told>((each) => told.push(each));
	n8n = await openN8n();
}, 330_000);

afterAll(async () => {
	await n8n?.close();
	await receiver?.close();
}, 60_000);

beforeEach(() => {
	told = new Collector();
});

afterEach(async () => {
	await n8n.api.unpublish(workflow.id).catch(() => undefined);
	await pbx.close();
}, 60_000);

/**
 * n8n polls once a minute at most: it refuses a schedule that names more than one second of the minute. But a node may
 * have several schedules.
 */
const everySoManySeconds = (seconds: number) => ({
	item: Array.from({ length: 60 / seconds }, (_, index) => ({
		mode: 'custom',
		cronExpression: `${index * seconds} * * * * *`,
	})),
});

/** A PBX, and a workflow that polls it; not yet published. */
async function setUp(
	events: string[],
	{
		options = {},
		between,
		...pbxOptions
	}: PbxOptions & { options?: object; between?: Telling['between'] } = {},
): Promise<void> {
	pbx = await startPbx({ seedCallLogRows: 0, ...pbxOptions });
	const { clientId, clientSecret } = pbx.defaultClient;
	const credential = await n8n.api.saveCredential(pbx.url, CREDENTIAL_TYPE, {
		pbxUrl: pbx.url,
		clientId,
		clientSecret,
	});
	workflow = await n8n.api.saveWorkflow(
		telling(`Polls ${pbx.url}`, {
			trigger: {
				name: 'History',
				type: 'n8n-nodes-threecx.threeCxCallHistoryTrigger',
				parameters: { events, options, pollTimes: everySoManySeconds(2) },
				credentials: { [CREDENTIAL_TYPE]: credential },
			},
			between,
			origin: receiver.origin,
		}),
	);
}

const publish = async () => await n8n.api.publish(workflow);

/** Waits until so many polls have begun and ended from now on. */
async function polls(count: number): Promise<void> {
	const begun = () =>
		pbx.requests.filter(({ path }) => path.includes('LastCdrAndChatMessageTimestamp')).length;
	const before = begun();
	// The one after the last shows that the last is over.
	await until(() => begun() > before + count, `${count} polls:\n${n8n.logTail()}`, 30_000);
}

const arrivals = async (count: number, ms = 30_000) => {
	const what = () => `${count} items; n8n says:\n${n8n.logTail()}`;
	await told.first(() => told.items.length >= count, what(), 0, ms);
	return told.items;
};

/** A call from outside that is over: answered, or not. */
function play(answers: boolean, to = '100'): number {
	const callid = pbx.calls.incoming({ from: CALLER, fromName: 'Ada', to });
	if (answers) pbx.calls.answer({ callid });
	pbx.calls.hangUp({ callid });
	return callid;
}

const executions = async (status?: ExecutionSummary['status']) =>
	(await n8n.api.executions(workflow.id)).filter((each) => !status || each.status === status);
const numbersOf = (items: Told[]) =>
	items.map(({ legs }) => (legs as [{ CallId: number }])[0].CallId);
const withLegs = { options: { includeLegs: true } };

test('tells calls that end after it was published, whole and once; missed ones as such', async () => {
	await setUp(['callFinished', 'callMissed'], { seedCallLogRows: 50 });
	await publish();
	play(true);
	play(false, '800');
	await arrivals(3);
	await polls(3);
	expect(told.items).toEqual([
		expect.objectContaining({ event: 'callFinished', answered: true, from: CALLER, to: '100' }),
		expect.objectContaining({ event: 'callFinished', answered: false, from: CALLER }),
		expect.objectContaining({ event: 'callMissed', answered: false, from: CALLER }),
	]);
	expect(told.items[2]!.callId).toBe(told.items[1]!.callId);
	expect(await executions('error')).toEqual([]);
}, 60_000);

/** Reads the file as a workflow does: n8n 2.36 refuses to download in the editor what a trigger has brought. */
const read = {
	name: 'Read',
	type: 'n8n-nodes-base.extractFromFile',
	typeVersion: 1,
	parameters: {
		operation: 'binaryToPropery',
		destinationKey: 'content',
		options: { keepSource: 'json' },
	},
};

test('tells a recording once its call is over, with the file as binary', async () => {
	await setUp(['recordingAvailable'], { options: { downloadFile: true }, between: [read] });
	await publish();
	const recording = pbx.store.insert('Recordings', {
		Id: 7,
		StartTime: new Date().toISOString(),
		RecordingUrl: '100/[Ada]_07.wav',
		FromCallerNumber: CALLER,
	});
	await polls(3);
	expect(told.items).toEqual([]);

	pbx.store.update('Recordings', recording, { EndTime: new Date().toISOString() });
	await arrivals(1);
	await polls(2);
	expect(told.items).toMatchObject([{ event: 'recordingAvailable', Id: 7 }]);
	const [ended] = await n8n.api.endedExecutions(workflow.id, 1, new Set());
	const [item] = (await n8n.api.execution(ended!.id)).outputs('History');
	const file = item!.binary!.data!;
	expect(file).toMatchObject({ fileName: '[Ada]_07.wav', mimeType: 'audio/wav' });
	const content = Buffer.from(String(told.items[0]!.content), 'base64');
	expect(content.subarray(0, 12).toString('latin1')).toMatch(/^RIFF....WAVE$/s);
	expect(content).toHaveLength(content.readUInt32LE(4) + 8);
}, 60_000);

test('tells chat messages', async () => {
	await setUp(['chatMessage']);
	await publish();
	const write = (MessageId: number, Message: string) =>
		pbx.store.insert('ChatMessagesHistoryView', {
			MessageId,
			ConversationId: 1,
			IsExternal: false,
			Message,
			ParticipantsGroupsArray: [],
			TimeSent: new Date().toISOString(),
		});
	write(1, 'Good morning');
	write(2, 'Coffee?');
	await arrivals(2);
	write(3, 'Yes');
	await arrivals(3);
	await polls(2);
	expect(told.items.map(({ Message }) => Message)).toEqual(['Good morning', 'Coffee?', 'Yes']);
}, 60_000);

test('a call that began before others and ends after them is told soon, and so are calls of the same moment', async () => {
	const moment = new Date();
	await setUp(['callFinished'], { ...withLegs, now: () => moment });
	await publish();
	const long = pbx.calls.incoming({ from: CALLER, to: '101' });
	pbx.calls.answer({ callid: long });
	const first = play(true);
	const second = play(false, '102');
	await arrivals(2);
	await polls(2);
	expect(numbersOf(told.items).sort()).toEqual([first, second]);

	// All of it at one and the same moment by the clock of the PBX.
	const third = play(true);
	pbx.calls.hangUp({ callid: long });
	await arrivals(4, 15_000);
	await polls(3);
	expect(numbersOf(told.items).slice(2).sort()).toEqual([long, third]);
}, 90_000);

test('a long call that ends when nothing else has happened since is told soon', async () => {
	await setUp(['callFinished'], withLegs);
	await publish();
	const long = pbx.calls.incoming({ from: CALLER, to: '101' });
	pbx.calls.answer({ callid: long });
	play(true);
	await arrivals(1);
	// By now the polls ask no more than whether anything is new.
	await polls(3);
	pbx.calls.hangUp({ callid: long });
	await arrivals(2, 15_000);
	expect(numbersOf(told.items)[1]).toBe(long);
}, 60_000);

test('a call with legs far apart is not told again when only the later ones are still read', async () => {
	let hours = 0;
	await setUp(['callFinished'], {
		...withLegs,
		now: () => new Date(Date.now() + hours * 3_600_000),
	});
	await publish();
	const callid = pbx.calls.incoming({ from: CALLER, to: '101' });
	pbx.calls.answer({ callid });
	hours = 0.5;
	pbx.calls.transfer({ dn: '101', to: '102' });
	pbx.calls.answer({ callid });
	pbx.calls.hangUp({ callid });
	await arrivals(1, 15_000);
	// Four hours is how far back each poll reads.
	hours = 4.25;
	const later = play(true);
	await arrivals(2);
	await polls(3);
	expect(numbersOf(told.items)).toEqual([callid, later]);
}, 60_000);

test('polls that take longer than the time between two of them tell nothing twice', async () => {
	await setUp(['callFinished'], withLegs);
	await publish();
	await polls(1);
	pbx.faults.latencyMs = 2_500;
	const calls = [play(true), play(false), play(true)];
	await arrivals(3, 45_000);
	pbx.faults.latencyMs = 0;
	await polls(3);
	expect(numbersOf(told.items)).toEqual(calls);
}, 90_000);

testOfOwnN8n(
	'a PBX that is away while it is polled costs nothing but time',
	async () => {
		await setUp(['callFinished'], withLegs);
		await publish();
		const calls = [play(true)];
		await arrivals(1);
		await pbx.down();
		calls.push(play(true), play(false));
		await until(() => n8n.logTail().includes('this poll was skipped'), 'a poll in vain', 45_000);
		await pbx.up();
		await arrivals(3);
		await polls(3);
		expect(numbersOf(told.items)).toEqual(calls);
		// Nobody has to look at an error that has cured itself.
		expect(await executions('error')).toEqual([]);
		expect(await n8n.api.publicationStatus(workflow.id)).toMatchObject({ status: 'published' });
	},
	120_000,
);

test('a poll that fails half-way is done again by the next one', async () => {
	await setUp(['callFinished', 'recordingAvailable'], withLegs);
	await publish();
	await polls(1);
	pbx.faults.next({ path: /Recordings/, status: 403 });
	const callid = play(true);
	await arrivals(1);
	await polls(3);
	expect(pbx.faults.pending).toBe(0);
	expect(numbersOf(told.items)).toEqual([callid]);
	// What does not pass by itself is shown.
	expect(await executions('error')).toHaveLength(1);
}, 60_000);

describe('n8n restarted between two polls', () => {
	testOfOwnN8n(
		'goes on where it was',
		async () => {
			await setUp(['callFinished'], withLegs);
			await publish();
			const calls = [play(true), play(false)];
			await arrivals(2);
			await n8n.stop();
			calls.push(play(true));
			await n8n.start();
			await arrivals(3);
			await polls(3);
			expect(numbersOf(told.items)).toEqual(calls);
		},
		120_000,
	);

	testOfOwnN8n(
		'before anything was told, it begins when it was published',
		async () => {
			await setUp(['callFinished'], { ...withLegs, seedCallLogRows: 50 });
			await publish();
			await n8n.stop();
			const callid = play(true);
			await n8n.start();
			await arrivals(1);
			await polls(3);
			expect(numbersOf(told.items)).toEqual([callid]);
		},
		120_000,
	);

	testOfOwnN8n(
		'by a power cut, while the PBX is away, too',
		async () => {
			await setUp(['callFinished'], withLegs);
			await publish();
			const calls = [play(true)];
			await arrivals(1);
			await polls(1);
			await n8n.kill();
			calls.push(play(true));
			await pbx.down();
			await n8n.start();
			await until(() => n8n.logTail().includes('this poll was skipped'), 'a poll in vain', 45_000);
			await pbx.up();
			await arrivals(2);
			await polls(3);
			expect(numbersOf(told.items)).toEqual(calls);
		},
		120_000,
	);
});

describe('the first poll', () => {
	test('goes back to a chosen time, and catches up week by week', async () => {
		const startAt = new Date(Date.now() - 30 * DAY).toISOString();
		await setUp(['callFinished'], { seedCallLogRows: 300, options: { startAt } });
		const rows = await listFunction(clientOf(pbx), 'GetCallLogData', {
			periodFrom: startAt,
			periodTo: new Date(Date.now() + DAY).toISOString(),
			...UNFILTERED,
		});
		const calls = new Set(rows.map(({ MainCallHistoryId }) => MainCallHistoryId));
		await publish();
		await arrivals(calls.size);
		await polls(3);
		const ids = told.items.map(({ callId }) => callId);
		expect([...ids].sort()).toEqual([...calls].sort());
		const starts = told.items.map(({ startedAt }) => String(startedAt));
		expect(starts).toEqual([...starts].sort());
		expect((await executions('success')).length).toBeGreaterThan(1);
	}, 90_000);

	test('of a PBX that is away does not publish, and says why', async () => {
		await setUp(['callFinished']);
		await pbx.down();
		await expect(publish()).rejects.toThrow(/refused the connection/);
		await pbx.up();
	}, 90_000);
});

describe('Fetch Test Event in the editor', () => {
	test('shows the latest of what is there, with files, and keeps nothing in mind', async () => {
		await setUp(['callFinished', 'recordingAvailable'], {
			seedCallLogRows: 400,
			options: { downloadFile: true },
		});
		const run = await n8n.api.run(workflow.id, 'History');
		expect({ status: run.status, error: run.error }).toEqual({ status: 'success' });
		expect(run.items('History').map(({ event }) => event)).toEqual([
			...Array.from({ length: 5 }, () => 'callFinished'),
			...Array.from({ length: 5 }, () => 'recordingAvailable'),
		]);
		const file = run.outputs('History').at(-1)!.binary!.data!;
		expect((await n8n.api.download(file)).toString('latin1', 0, 4)).toBe('RIFF');

		// What has been shown is not told once the workflow is published, nor does it hide what comes then.
		told = new Collector();
		await publish();
		play(true);
		await arrivals(1);
		await polls(2);
		expect(told.items).toMatchObject([{ event: 'callFinished', from: CALLER }]);
	}, 90_000);

	test('while the workflow is published tells the next poll nothing', async () => {
		await setUp(['callFinished'], withLegs);
		await publish();
		const callid = play(true);
		const run = await n8n.api.run(workflow.id, 'History');
		expect(numbersOf(run.items('History') as Told[])).toEqual([callid]);
		// Once from the test, once from the poll.
		await arrivals(2);
		await polls(2);
		expect(numbersOf(told.items)).toEqual([callid, callid]);
	}, 60_000);

	test('says so where there is nothing', async () => {
		await setUp(['chatMessage']);
		const run = await n8n.api.run(workflow.id, 'History');
		expect(run).toMatchObject({
			status: 'error',
			error: expect.stringMatching(/^The PBX has had no such event .* 30 days: A test shows/),
		});
	}, 60_000);
});
