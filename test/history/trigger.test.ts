import 'reflect-metadata';
import { PollContext } from 'n8n-core';
import {
	Workflow,
	type IDataObject,
	type INode,
	type INodeExecutionData,
	type INodeParameters,
	type WorkflowActivateMode,
	type WorkflowExecuteMode,
} from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { CREDENTIAL } from '../../nodes/shared/credential';
import { poll } from '../../nodes/ThreeCxCallHistoryTrigger/poll';
import { ThreeCxCallHistoryTrigger } from '../../nodes/ThreeCxCallHistoryTrigger/ThreeCxCallHistoryTrigger.node';
import type { Pbx, PbxOptions } from '../../sandbox/pbx';
import { quietPbx } from '../callcontrol/link';
import { additionalDataFor, CredentialStore } from '../support/n8n';

const CALLER = '+441632960123';
const MINUTE = 60_000;

/** A polling node in n8n's own context; the workflow, and with it the static data, lives on between polls. */
function published(pbx: Pbx, parameters: INodeParameters, staticData: IDataObject = {}) {
	const nodeType = new ThreeCxCallHistoryTrigger();
	const node: INode = {
		id: 'history',
		name: 'History',
		type: 'n8n-nodes-3cx.threeCxCallHistoryTrigger',
		typeVersion: 1,
		position: [0, 0],
		parameters,
		credentials: { [CREDENTIAL]: { id: 'credential', name: '3CX' } },
	};
	const workflow = new Workflow({
		id: 'workflow',
		nodes: [node],
		connections: {},
		active: true,
		nodeTypes: {
			getByName: () => nodeType,
			getByNameAndVersion: () => nodeType,
			getKnownTypes: () => ({}),
		},
		staticData,
		settings: { timezone: 'Europe/London' },
	});
	const { clientId, clientSecret } = pbx.defaultClient;
	const credentials = new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret });
	return {
		staticData,
		async poll(
			now = Date.now() + MINUTE,
			mode: WorkflowExecuteMode = 'trigger',
			activation: WorkflowActivateMode = 'activate',
		): Promise<INodeExecutionData[]> {
			const context = new PollContext(
				workflow,
				workflow.getNode('History')!,
				additionalDataFor(credentials, mode),
				mode,
				activation,
			);
			return (await poll(context, now))?.[0] ?? [];
		},
	};
}

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
		const after = published(pbx, { events: ['callFinished'] }, stored);
		expect(await after.poll(undefined, 'trigger', 'init')).toHaveLength(1);
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
		pbx.faults.next({ path: /ActiveCalls/, status: 200, body: { value: [{ Id: callid }] } });
		expect(await trigger.poll()).toEqual([]);
		const [item] = await trigger.poll();
		expect(item!.json).toMatchObject({ answered: true, legs: [{ CallId: callid }] });
		expect(await trigger.poll()).toEqual([]);
	});

	test('begins at a chosen time', async () => {
		await start({ seedCallLogRows: 100 });
		const rows = new Set(
			(await published(pbx, { events: ['callFinished'] }).poll(undefined, 'manual')).map(
				({ json }) => json.callId,
			),
		);
		expect(rows.size).toBe(5);
		const trigger = published(pbx, {
			events: ['callFinished'],
			options: { startAt: '2020-01-01T00:00:00' },
		});
		const items = await trigger.poll();
		const ids = items.map(({ json }) => json.callId);
		expect(ids.length).toBeGreaterThan(20);
		expect(new Set(ids).size).toBe(ids.length);
		expect(await trigger.poll()).toEqual([]);
	});

	test('asks cheaply first, and reads all the same from time to time', async () => {
		await start();
		const trigger = published(pbx, { events: ['callFinished'] });
		play(true);
		const now = Date.now() + MINUTE;
		await trigger.poll(now);
		const before = reads(/GetCallLogData/);
		await trigger.poll(now + MINUTE);
		expect(reads(/GetCallLogData/)).toBe(before);
		await trigger.poll(now + 6 * MINUTE);
		expect(reads(/GetCallLogData/)).toBe(before + 1);
	});

	test('tells recordings, with the file if asked to; one that is gone says so', async () => {
		await start({ seedCallLogRows: 100 });
		const options = { startAt: '2020-01-01', downloadFile: true };
		pbx.faults.next({ path: /DownloadRecording/, status: 404 });
		const trigger = published(pbx, { events: ['recordingAvailable'], options });
		const items = await trigger.poll();
		expect(items.length).toBeGreaterThan(5);
		expect(items[0]).toMatchObject({
			json: { event: 'recordingAvailable', fileError: expect.any(String) },
		});
		expect(items[1]!.binary?.data).toMatchObject({
			mimeType: 'audio/x-wav',
			fileName: expect.stringMatching(/\.wav$/),
		});
		expect(await trigger.poll()).toEqual([]);
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
		pbx.faults.next({ path: /Recordings/, status: 500 });
		await expect(trigger.poll()).rejects.toThrow();
		expect(await trigger.poll()).toHaveLength(1);
		expect(await trigger.poll()).toEqual([]);
	});

	test('a PBX that is away fails a publication, and is waited for when n8n starts', async () => {
		await start();
		const trigger = published(pbx, { events: ['callFinished'] });
		await trigger.poll();
		await pbx.down();
		await expect(trigger.poll()).rejects.toMatchObject({ kind: 'unreachable' });
		expect(await trigger.poll(undefined, 'trigger', 'init')).toEqual([]);
		play(true);
		await pbx.up();
		expect(await trigger.poll(undefined, 'trigger', 'init')).toHaveLength(1);
	});

	test('with another PBX it begins anew', async () => {
		await start({ seedCallLogRows: 20 });
		const trigger = published(pbx, { events: ['callFinished'] });
		await trigger.poll();
		const other = await quietPbx({ seedCallLogRows: 30 });
		const moved = published(other, { events: ['callFinished'] }, trigger.staticData);
		expect(await moved.poll()).toEqual([]);
		await other.close();
	});

	describe('a manual test', () => {
		test('shows the latest of what is there, and keeps nothing in mind', async () => {
			await start({ seedCallLogRows: 400 });
			const trigger = published(pbx, { events: ['callFinished', 'callMissed'] });
			const items = await trigger.poll(undefined, 'manual', 'manual');
			const events = items.map(({ json }) => json.event);
			expect(events.filter((event) => event === 'callFinished')).toHaveLength(5);
			expect(events).toContain('callMissed');
			const starts = items.slice(0, 5).map(({ json }) => String(json.startTime));
			expect(starts).toEqual([...starts].sort().reverse());
			expect(trigger.staticData).toEqual({});
		});

		test('says so where there is nothing', async () => {
			await start();
			const trigger = published(pbx, { events: ['chatMessage'] });
			await expect(trigger.poll(undefined, 'manual', 'manual')).rejects.toMatchObject({
				message: 'Nothing of the kind has happened on the PBX in the last 30 days',
			});
		});
	});

	test('wants to know what for', async () => {
		await start();
		await expect(published(pbx, { events: [] }).poll()).rejects.toThrow('No event is chosen');
	});
});
