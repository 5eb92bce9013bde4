import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { until } from '../callcontrolnode/node';
import { CredentialStore, runNode } from '../support/n8n';

/** Recording > Find for Call, with what the triggers give. */

let pbx: Pbx;

beforeEach(async () => {
	pbx = await startPbx({ seedCallLogRows: 0 });
});

afterEach(async () => await pbx.close());

afterAll(closeDispatchers);

const CALLER = '+442079460102';
const BEGUN = '2026-11-27T12:00:00.000Z';
const at = (seconds: number) => new Date(Date.parse(BEGUN) + seconds * 1000).toISOString();

/** The item of the 3CX Trigger when a call has ended. */
const ITEM = {
	event: 'callEnded',
	callId: 41,
	number: CALLER,
	extension: '100',
	startedAt: at(-8),
	answeredAt: BEGUN,
	endedAt: at(60),
};

const record = (Id: number, more: object = {}) =>
	pbx.store.insert('Recordings', {
		Id,
		StartTime: at(1),
		EndTime: at(60),
		FromDn: '10000',
		FromCallerNumber: CALLER,
		ToDn: '100',
		ToCallerNumber: '100',
		ToDisplayName: 'Amelia Hartley',
		RecordingUrl: `100/rec-${Id}.wav`,
		...more,
	});

const find = async (parameters: INodeParameters = {}, item: IDataObject = ITEM) => {
	const { clientId, clientSecret } = pbx.defaultClient;
	const { items, error } = await runNode({
		parameters: { resource: 'recording', operation: 'findForCall', waitAtMost: 0, ...parameters },
		credentials: new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret }),
		items: [item],
	});
	if (error) throw error;
	expect(items).toHaveLength(1);
	return items[0]!;
};

const reads = () => pbx.requests.filter(({ path }) => path.endsWith('/Recordings')).length;

test('takes the call from the item of the trigger', async () => {
	record(7);
	expect((await find()).json).toMatchObject({
		found: true,
		complete: true,
		Id: 7,
		StartTime: at(1),
		ToDisplayName: 'Amelia Hartley',
		others: [],
	});
});

test.each<[string, object]>([
	['of somebody else', { FromCallerNumber: '+442079460199' }],
	['of another extension', { ToDn: '101', ToCallerNumber: '101' }],
	['from after the call', { StartTime: at(60 + 121) }],
	['from long before', { StartTime: at(-121) }],
])('a recording %s is none of the call', async (_, row) => {
	record(7, row);
	expect((await find()).json).toEqual({
		found: false,
		waitedSeconds: expect.any(Number) as number,
		reason: expect.stringMatching(/no recording of this call/) as string,
	});
});

test('the nearest in time comes first, the others are named', async () => {
	record(7, { StartTime: at(50) });
	record(8);
	record(9, { StartTime: at(30) });
	expect((await find()).json).toMatchObject({ Id: 8, others: [9, 7] });
});

test.each([
	[
		'an outgoing call',
		{ FromDn: '100', FromCallerNumber: '100', ToDn: '10000', ToCallerNumber: CALLER },
	],
	['another notation', { FromCallerNumber: '00442079460102' }],
	['lost plus', { FromCallerNumber: '442079460102' }],
])('%s', async (_, row) => {
	record(7, row);
	expect((await find()).json).toMatchObject({ found: true, Id: 7 });
});

test('the call ID of the call log decides, where there is one', async () => {
	const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
	pbx.calls.answer({ callid });
	pbx.calls.hangUp({ callid });
	await pbx.close();
	pbx = await startPbx({ seedCallLogRows: 60 });
	const recording = pbx.store.rows('Recordings').at(-1)!;
	const { clientId, clientSecret } = pbx.defaultClient;
	const { items } = await runNode({
		parameters: {
			resource: 'callLog',
			operation: 'getAll',
			callFilters: { recorded: true },
			returnAll: true,
		},
		credentials: new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret }),
	});
	const call = items
		.map(({ json }) => json)
		.find(({ recordings }) => (recordings as number[]).includes(Number(recording.Id)));
	expect(call).toBeDefined();
	const found = await find({}, { ...call, number: 'somebody else' });
	expect(found.json).toMatchObject({ found: true, Id: recording.Id });
});

test('waits until the PBX has it and the call is over, at most 3 s longer', async () => {
	const finding = find({ waitAtMost: 30 });
	await until(() => reads() >= 1, 'the first look');
	const row = record(7, { EndTime: undefined });
	await until(() => reads() >= 2, 'the second look', 10_000);
	pbx.store.update('Recordings', row, { EndTime: at(60) });
	const stored = performance.now();
	expect((await finding).json).toMatchObject({ found: true, Id: 7 });
	expect(performance.now() - stored).toBeLessThan(3_000);
}, 20_000);

test('goes on after an outage while it waits', async () => {
	record(7);
	pbx.faults.next({ path: /Recordings/, status: 500 });
	expect((await find({ waitAtMost: 20 })).json).toMatchObject({ found: true, Id: 7 });
}, 20_000);

test('what is not over at the end of the time is given as it is', async () => {
	record(7, { EndTime: undefined });
	expect((await find()).json).toMatchObject({ found: true, complete: false, Id: 7 });
});

test('downloads the file; one that cannot be read is no failed step', async () => {
	record(7);
	const { json, binary } = await find({ download: true });
	expect(json).toMatchObject({ found: true, mimeType: 'audio/wav' });
	expect(binary!.data).toMatchObject({ fileName: 'rec-7.wav' });
	pbx.faults.next({ path: /DownloadRecording/, status: 404 });
	const without = await find({ download: true });
	expect(without.json).toMatchObject({
		found: true,
		Id: 7,
		fileError: expect.any(String) as string,
	});
});

test.each<[string, IDataObject, RegExp]>([
	['nobody', { startedAt: BEGUN }, /not known which call/],
	['no time', { number: CALLER }, /is not a time/],
])('refuses %s', async (_, item, message) => {
	await expect(find({}, item)).rejects.toMatchObject({
		message: expect.stringMatching(message) as string,
	});
});
