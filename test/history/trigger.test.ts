import type { IDataObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import type { Pbx, PbxOptions } from '../../sandbox/pbx';
import { listFunction } from '../../lib/xapi/functions';
import { UNFILTERED } from '../../lib/xapi/callLog';
import { clientOf, quietPbx } from '../callcontrol/link';
import { until } from '../callcontrolnode/node';
import { published } from '../support/pollHarness';

const CALLER = '+441632960123';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('the 3CX Call History Trigger', () => {
	let pbx: Pbx;

	const start = async (options: PbxOptions = {}) => {
		pbx = await quietPbx(options);
	};
	const play = (answers: boolean, to = '100') => {
		const callid = pbx.calls.incoming({ from: CALLER, fromName: 'Ada', to });
		if (answers) pbx.calls.answer({ callid });
		pbx.calls.hangUp({ callid });
		return callid;
	};
	const reads = (path: RegExp) => pbx.requests.filter((request) => path.test(request.path)).length;

	afterEach(async () => {
		await pbx.close();
		await closeDispatchers();
	});

	test('tells calls that have ended since it was published, whole and once', async () => {
		await start({ seedCallLogRows: 50 });
		const trigger = published(pbx, { events: ['callFinished'] });
		expect(await trigger.poll()).toEqual([]);
		play(true);
		play(false, '800');
		const items = await trigger.poll();
		expect(items.map(({ json }) => json)).toEqual([
			expect.objectContaining({ event: 'callFinished', from: CALLER, answered: true, to: '100' }),
			expect.objectContaining({ event: 'callFinished', from: CALLER, answered: false }),
		]);
		expect(items[0]!.json).toMatchObject({
			pbx: new URL(pbx.url).host,
			callKey: expect.stringMatching(/^\d+-2\d{7}$/),
			startedAt: expect.any(String),
			endedAt: expect.any(String),
		});
		// Four agents have rung; it is one call.
		expect(Number(items[1]!.json.legCount)).toBeGreaterThan(1);
		expect(items[1]!.json).not.toHaveProperty('legs');
		expect(await trigger.poll()).toEqual([]);
		expect(JSON.stringify(trigger.staticData).length).toBeLessThan(5_000);
	});

	test('goes on where it was after n8n has restarted', async () => {
		await start();
		const before = published(pbx, { events: ['callFinished'] });
		await before.poll();
		play(true);
		expect(await before.poll()).toHaveLength(1);
		play(true);
		const stored = JSON.parse(JSON.stringify(before.staticData)) as IDataObject;
		const after = published(
			pbx,
			{ events: ['callFinished'] },
			{ staticData: stored, activation: 'init' },
		);
		expect(await after.poll()).toHaveLength(1);
	});

	test('tells missed calls only', async () => {
		await start();
		const trigger = published(pbx, { events: ['callMissed'] });
		await trigger.poll();
		play(true);
		play(false);
		const items = await trigger.poll();
		expect(items.map(({ json }) => json.event)).toEqual(['callMissed']);
	});

	test('waits for the end of a call of which a leg is filed already', async () => {
		await start();
		const trigger = published(pbx, { events: ['callFinished'], options: { includeLegs: true } });
		await trigger.poll();
		const callid = play(true);
		// What 3CX does while a queue has passed a caller on: the first leg is filed, the call goes on.
		const body = { '@odata.count': 1, value: [{ Id: callid }] };
		pbx.faults.next({ path: /ActiveCalls/, status: 200, body, times: 2 });
		expect(await trigger.poll()).toEqual([]);
		const [item] = await trigger.poll();
		expect(item!.json).toMatchObject({ answered: true, legs: [{ CallId: callid }] });
		expect(await trigger.poll()).toEqual([]);
	});

	test('does not tell a call again when only its later legs are still read', async () => {
		let hours = 0;
		const clock = () => new Date(Date.now() + hours * 60 * MINUTE);
		await start({ now: clock });
		const trigger = published(pbx, { events: ['callFinished'] });
		await trigger.poll();
		// A quarter of an hour goes by until the call is transferred.
		const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
		pbx.calls.answer({ callid });
		hours = 0.25;
		pbx.calls.transfer({ dn: '100', to: '101' });
		pbx.calls.answer({ callid });
		pbx.calls.hangUp({ callid });
		expect(await trigger.poll(clock().getTime() + MINUTE)).toHaveLength(1);
		// Four hours is how far back each poll reads.
		for (hours = 0.5; hours < 5; hours += 0.1) {
			play(true);
			expect(await trigger.poll(clock().getTime() + MINUTE)).toHaveLength(1);
		}
	});

	test('a call that ends while it is read is told whole, by the next poll', async () => {
		await start();
		const trigger = published(pbx, { events: ['callFinished'], options: { includeLegs: true } });
		await trigger.poll();
		const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
		const StartTime = new Date(Date.now() - 30_000).toISOString();
		const leg = { CallId: callid, MainCallHistoryId: 'main', CallHistoryId: 'leg', StartTime };
		pbx.faults.next({ path: /GetCallLogData/, status: 200, body: { value: [leg] }, delayMs: 100 });
		const read = pbx.requests.length;
		const items = trigger.poll();
		await until(
			() => pbx.requests.slice(read).some(({ path }) => path.includes('GetCallLogData')),
			'the question for the call log',
		);
		pbx.calls.hangUp({ callid });
		expect(await items).toEqual([]);
		expect((await trigger.poll()).map(({ json }) => json.to)).toEqual(['100']);
	});

	test('begins at a chosen time, and catches up week by week', async () => {
		await start({ seedCallLogRows: 3_000 });
		const from = new Date(Date.now() - 24 * DAY).toISOString();
		const rows = await listFunction(clientOf(pbx), 'GetCallLogData', {
			periodFrom: from,
			periodTo: new Date(Date.now() + DAY).toISOString(),
			...UNFILTERED,
		});
		const trigger = published(pbx, { events: ['callFinished'], options: { startAt: from } });
		const weeks = await trigger.pollAll();
		const calls = weeks.flat().map(({ json }) => json);
		expect(calls.map(({ callId }) => callId).sort()).toEqual(
			[...new Set(rows.map(({ MainCallHistoryId }) => MainCallHistoryId))].sort(),
		);
		// Not torn where a week ends.
		expect(calls.reduce((sum, { legCount }) => sum + Number(legCount), 0)).toBe(rows.length);
		expect(weeks.length).toBeGreaterThan(2);
		for (const week of weeks) {
			const times = week.map(({ json }) => Date.parse(String(json.startedAt)));
			expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(7 * DAY);
		}
	});

	test('passes over weeks without calls', async () => {
		await start();
		const options = { startAt: '2020-01-01T00:00:00' };
		const trigger = published(pbx, { events: ['callFinished'], options });
		play(true);
		expect(await trigger.poll()).toHaveLength(1);
	});

	test('asks cheaply once nothing has changed for two polls, and reads all the same from time to time', async () => {
		await start();
		const trigger = published(pbx, { events: ['callFinished'] });
		play(true);
		const now = Date.now() + MINUTE;
		await trigger.poll(now);
		await trigger.poll(now + MINUTE);
		const before = reads(/GetCallLogData/);
		await trigger.poll(now + 2 * MINUTE);
		expect(reads(/GetCallLogData/)).toBe(before);
		await trigger.poll(now + 7 * MINUTE);
		expect(reads(/GetCallLogData/)).toBe(before + 1);
	});

	test('reads when a call has ended that began before the latest one', async () => {
		await start();
		const trigger = published(pbx, { events: ['callFinished'] });
		const long = pbx.calls.incoming({ from: CALLER, to: '101' });
		pbx.calls.answer({ callid: long });
		const now = Date.now() + MINUTE;
		await trigger.poll(now);
		play(true);
		expect(await trigger.poll(now + MINUTE)).toHaveLength(1);
		await trigger.poll(now + 2 * MINUTE);
		pbx.calls.hangUp({ callid: long });
		expect(await trigger.poll(now + 3 * MINUTE)).toHaveLength(1);
	});

	test('reads again a moment later: the row of a call may come after its end', async () => {
		await start();
		const trigger = published(pbx, { events: ['callFinished'] });
		await trigger.poll();
		play(true);
		pbx.faults.next({ path: /GetCallLogData/, status: 200, body: { value: [] } });
		expect(await trigger.poll()).toEqual([]);
		expect(await trigger.poll()).toHaveLength(1);
	});

	test('two polls at once, as n8n begins them when one takes long, tell everything once', async () => {
		await start();
		const trigger = published(pbx, { events: ['callFinished'] });
		await trigger.poll();
		play(true);
		const items = await Promise.all([trigger.poll(), trigger.poll(), trigger.poll()]);
		expect(items.flat()).toHaveLength(1);
		play(true);
		expect(await trigger.poll()).toHaveLength(1);
	});

	test('tells recordings, with the file if asked to', async () => {
		await start({ seedCallLogRows: 100 });
		const options = { startAt: '2020-01-01', downloadFile: true };
		const trigger = published(pbx, { events: ['recordingAvailable'], options });
		const items = (await trigger.pollAll()).flat();
		expect(items.length).toBeGreaterThan(5);
		for (const { json, binary } of items) {
			expect(json).toMatchObject({ event: 'recordingAvailable', Id: expect.any(Number) });
			expect(binary!.data).toMatchObject({
				mimeType: 'audio/wav',
				fileName: expect.stringMatching(/\.wav$/),
			});
		}
	});

	test.each([404, 403, 500])(
		'a recording whose file is answered with %i says so',
		async (status) => {
			await start({ seedCallLogRows: 100 });
			const options = { startAt: '2020-01-01', downloadFile: true };
			pbx.faults.next({ path: /DownloadRecording/, status });
			const trigger = published(pbx, { events: ['recordingAvailable'], options });
			const [first, second] = (await trigger.pollAll()).flat();
			expect(first).toMatchObject({ json: { fileError: expect.any(String) } });
			expect(first!.binary).toBeUndefined();
			expect(second!.json).not.toHaveProperty('fileError');
		},
	);

	test('a recording whose file is not to be had just now is told by a later poll, with its file', async () => {
		await start({ seedCallLogRows: 100 });
		const events = { events: ['recordingAvailable'], options: { downloadFile: true } };
		const trigger = published(pbx, events);
		await trigger.poll();
		pbx.store.insert('Recordings', {
			Id: 7,
			StartTime: new Date().toISOString(),
			EndTime: new Date().toISOString(),
			RecordingUrl: '100/7.wav',
		});
		play(true);
		pbx.faults.next({ path: /DownloadRecording/, status: 503, times: 10 });
		expect(await trigger.poll()).toEqual([]);
		pbx.faults.clear();
		const [item] = await trigger.poll();
		expect(item).toMatchObject({ json: { Id: 7 }, binary: { data: { fileName: '7.wav' } } });
	});

	test('tells chat messages', async () => {
		await start();
		const trigger = published(pbx, { events: ['chatMessage'] });
		await trigger.poll();
		pbx.store.insert('ChatMessagesHistoryView', {
			MessageId: 7,
			ConversationId: 1,
			IsExternal: false,
			Message: 'Good morning',
			ParticipantsGroupsArray: [],
			TimeSent: new Date().toISOString(),
		});
		play(true);
		const items = await trigger.poll();
		expect(items.map(({ json }) => json)).toEqual([
			expect.objectContaining({ event: 'chatMessage', Message: 'Good morning' }),
		]);
	});

	test('a poll that fails half-way loses and repeats nothing', async () => {
		await start();
		const trigger = published(pbx, { events: ['callFinished', 'recordingAvailable'] });
		await trigger.poll();
		play(true);
		pbx.faults.next({ path: /Recordings/, status: 403 });
		await expect(trigger.poll()).rejects.toThrow();
		expect(await trigger.poll()).toHaveLength(1);
		expect(await trigger.poll()).toEqual([]);
	});

	test('a PBX that is away fails the publication; later it is waited for', async () => {
		await start();
		await pbx.down();
		const events = { events: ['callFinished'] };
		await expect(published(pbx, events).poll()).rejects.toMatchObject({ kind: 'unreachable' });
		await pbx.up();
		const trigger = published(pbx, events);
		await trigger.poll();
		await pbx.down();
		play(true);
		expect(await trigger.poll()).toEqual([]);
		await pbx.up();
		expect(await trigger.poll()).toHaveLength(1);
	});

	test('when n8n starts, no error ends it: what does not pass is shown by the next poll', async () => {
		await start();
		const before = published(pbx, { events: ['callFinished'] });
		await before.poll();
		const { staticData } = before;
		pbx.defaultClient.role = 'users';
		const events = { events: ['callFinished'] };
		const trigger = published(pbx, events, { staticData, activation: 'init' });
		expect(await trigger.poll()).toEqual([]);
		await expect(trigger.poll()).rejects.toMatchObject({ kind: 'forbidden' });
		pbx.defaultClient.role = 'system_owners';
		play(true);
		expect(await trigger.poll()).toHaveLength(1);
	});

	test('with another PBX it begins anew', async () => {
		await start({ seedCallLogRows: 20 });
		const trigger = published(pbx, { events: ['callFinished'] });
		await trigger.poll();
		const other = await quietPbx({ seedCallLogRows: 30 });
		const { staticData } = trigger;
		const moved = published(other, { events: ['callFinished'] }, { staticData });
		expect(await moved.poll()).toEqual([]);
		await other.close();
	});

	test('n8n cannot start an execution: the next poll tells its rows again, and no others', async () => {
		await start();
		let refusals = 0;
		const refuse = () => (refusals-- > 0 ? new Error('timeout exceeded') : undefined);
		const trigger = published(pbx, { events: ['callFinished'] }, { refuse });
		await trigger.poll();
		play(true, '100');
		expect(await trigger.poll()).toHaveLength(1);
		refusals = 1;
		play(true, '101');
		expect(await trigger.poll()).toEqual([]);
		play(true, '102');
		const items = await trigger.poll();
		expect(items.map(({ json }) => json.to)).toEqual(['101', '102']);
		expect(await trigger.poll()).toEqual([]);
	});

	test('is found again under another name and address', async () => {
		await start();
		const before = published(pbx, { events: ['callFinished'] });
		await before.poll();
		play(true, '100');
		expect(await before.poll()).toHaveLength(1);
		play(true, '101');
		const other = { ...pbx, url: pbx.url.replace('127.0.0.1', 'localhost') };
		const after = published(
			other,
			{ events: ['callFinished'] },
			{ staticData: JSON.parse(JSON.stringify(before.staticData)), nodeName: 'Finished calls' },
		);
		expect((await after.poll()).map(({ json }) => json.to)).toEqual(['101']);
	});

	test.each([
		['tell', 1],
		['now', 0],
	])('after a pause, %s: %i of what came meanwhile', async (afterPause, told) => {
		await start();
		const parameters = { events: ['callFinished'], options: { afterPause } };
		const before = published(pbx, parameters);
		await before.poll();
		play(true);
		await before.poll();
		play(true);
		const staticData = JSON.parse(JSON.stringify(before.staticData)) as IDataObject;
		const after = published(pbx, parameters, { staticData });
		expect(await after.poll()).toHaveLength(told);
		play(true);
		expect(await after.poll()).toHaveLength(1);
		// A restart of n8n is no pause.
		play(true);
		const restarted = published(pbx, parameters, {
			staticData: JSON.parse(JSON.stringify(after.staticData)) as IDataObject,
			activation: 'init',
		});
		expect(await restarted.poll()).toHaveLength(1);
	});

	test('whose first poll fails when n8n starts tells from then on, not from its first success', async () => {
		await start();
		await pbx.down();
		const trigger = published(pbx, { events: ['callFinished'] }, { activation: 'init' });
		const now = Date.now();
		expect(await trigger.poll(now)).toEqual([]);
		await pbx.up();
		play(true);
		expect(await trigger.poll(now + 60_000)).toHaveLength(1);
	});

	describe('a manual test', () => {
		test('shows the latest of what is there, and keeps nothing in mind', async () => {
			await start({ seedCallLogRows: 400 });
			const trigger = published(pbx, { events: ['callFinished', 'callMissed'] });
			const items = await trigger.test();
			const events = items.map(({ json }) => json.event);
			expect(events.filter((event) => event === 'callFinished')).toHaveLength(5);
			expect(events).toContain('callMissed');
			const starts = items.slice(0, 5).map(({ json }) => String(json.startedAt));
			expect(starts).toEqual([...starts].sort().reverse());
			expect(trigger.staticData).toEqual({});
		});

		test('says so where there is nothing', async () => {
			await start();
			const trigger = published(pbx, { events: ['chatMessage'] });
			await expect(trigger.test()).rejects.toMatchObject({
				message: 'The PBX has had no such event in the last 30 days',
			});
		});
	});

	test('wants to know what for', async () => {
		await start();
		await expect(published(pbx, { events: [] }).poll()).rejects.toThrow('No event is chosen');
	});
});
