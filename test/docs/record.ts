import type {
	IDataObject,
	INodeExecutionData,
	INodeParameters,
	ITriggerFunctions,
	ITriggerResponse,
} from 'n8n-workflow';
import { wavHeader } from '../../lib/audio/wav';
import { listen } from '../../nodes/ThreeCxTrigger/listen';
import { eventOptions as callEvents } from '../../nodes/ThreeCxTrigger/events';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import { EVENTS as SYSTEM_EVENTS } from '../../nodes/ThreeCxSystemTrigger/events';
import { ThreeCxSystemTrigger } from '../../nodes/ThreeCxSystemTrigger/ThreeCxSystemTrigger.node';
import { watch } from '../../nodes/ThreeCxSystemTrigger/watch';
import { eventOptions as historyEvents } from '../../nodes/ThreeCxCallHistoryTrigger/sources';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import type { Example } from '../../scripts/docs/example';
import { bytesFrom, sine } from '../audio/samples';
import { Collector } from '../callcontrol/collector';
import { QUICK, quietPbx } from '../callcontrol/link';
import { APP, by, legOf, nodeAndPbx, until } from '../callcontrolnode/node';
import { WORKFLOWS, nodesOf } from '../e2e/resourceLives';
import { CredentialStore } from '../support/n8n';
import { published } from '../support/pollHarness';
import { runChain } from '../support/runChain';
import { activate } from '../support/triggerHarness';
import { exampleOf } from './recorded';

/** Runs every operation of the action nodes, and lets every event of the triggers happen, against the simulated PBX. */

/** From Ofcom's drama range, like all numbers of the simulated company. */
const CALLER = '+442079460101';

type Recorded = Record<string, Example | null>;

const credentialsFor = ({ url, defaultClient: { clientId, clientSecret } }: Pbx) =>
	new CredentialStore({ pbxUrl: url, clientId, clientSecret });

/** Of a refused step there is nothing to show. */
const isShown = ({ json }: INodeExecutionData) => json.error === undefined;

/**
 * All operations of a resource of the 3CX node.
 *
 * @returns their first items; null where one gives none
 */
export async function ofResource(resource: string): Promise<Recorded> {
	const pbx = await startPbx();
	try {
		const steps = WORKFLOWS[resource]!(pbx);
		// Nodes of n8n itself only read the files.
		const nodes = nodesOf(resource, steps).filter(({ type }) => type === undefined);
		const { items, error } = await runChain(nodes, credentialsFor(pbx));
		if (error) throw error;
		const recorded: Recorded = {};
		// What a dry run gives is described once, for all operations.
		for (const { name, parameters } of nodes.filter((node) => !node.parameters.dryRun)) {
			const key = `${resource}.${String(parameters.operation)}`;
			const first = items(name).find(isShown);
			recorded[key] ??= first ? exampleOf(first) : null;
		}
		return recorded;
	} finally {
		await pbx.close();
	}
}

/** Every operation of the Call Control node; the recorder is the people at the phones. */
export async function ofCallControl(): Promise<Recorded> {
	const { pbx, run, asked, close } = await nodeAndPbx({
		calls: { mediaAfterMs: 0, audioBytesPerMs: 1_600, externalAnswerAfterMs: 0, pickUpAfterMs: 0 },
	});
	const recorded: Recorded = {};
	const record = async (
		resource: string,
		operation: string,
		parameters: INodeParameters,
		meanwhile: () => Promise<void> = async () => await Promise.resolve(),
		item: IDataObject = {},
	) => {
		const running = run({ resource, operation, ...parameters }, { items: [item] });
		await meanwhile();
		const { items, error } = await running;
		if (error) throw error;
		recorded[`${resource}.${operation}`] = items[0] ? exampleOf(items[0]) : null;
	};
	const onCall = async (operation: string, fields: INodeParameters) =>
		await record('call', operation, fields);
	const incoming = (to: string) => {
		const callid = pbx.calls.incoming({ from: CALLER, fromName: 'Ada Lovelace', to });
		const { id } = pbx.calls.participants(to).find((each) => each.callid === callid)!;
		return { callid, fields: legOf(to, id) };
	};
	const hangUp = ({ callid }: { callid: number }) => pbx.calls.hangUp({ callid });
	const rings = async (dn: string) =>
		await until(() => pbx.calls.participants(dn).some(({ status }) => status === 'Ringing'), dn);
	try {
		await record('extension', 'get', { extension: by('100') });
		await record('extension', 'getMany', { limit: 2 });
		await record('device', 'getMany', { extension: by('100') });
		const [device] = pbx.calls.directory.dn('100')!.devices;
		await record('device', 'get', {
			extension: by('100'),
			deviceId: device!.device_id,
		});
		const ringing = incoming('107');
		await record('extension', 'getParticipants', { extension: by('107') });
		await onCall('getMany', {});
		await onCall('get', ringing.fields);
		await onCall('answer', ringing.fields);
		await record('call', 'waitFor', { happenings: ['answered'] }, undefined, {
			callId: ringing.callid,
		});
		await onCall('attachData', {
			...ringing.fields,
			attachedData: { entry: [{ key: 'ticket', value: 'T-1' }] },
		});
		await record(
			'call',
			'transfer',
			{ ...ringing.fields, destination: '101', waitUntil: 'answered' },
			async () => {
				await rings('101');
				pbx.calls.answer({ dn: '101' });
			},
		);
		hangUp(ringing);
		const diverted = incoming('100');
		await onCall('divert', { ...diverted.fields, destination: '101' });
		hangUp(diverted);
		const dropped = incoming('100');
		await onCall('drop', dropped.fields);
		await record(
			'call',
			'makeCall',
			{ extension: by('100'), destination: '101', device: 'deskPhone', waitUntil: 'answered' },
			async () => {
				await rings('101');
				pbx.calls.answer({ dn: '101' });
			},
		);
		pbx.calls.hangUp({ callid: pbx.calls.participants('100')[0]!.callid });
		const routed = incoming(APP);
		await onCall('routeTo', { ...routed.fields, destination: '101' });
		hangUp(routed);
		const spoken = incoming(APP);
		const file = Buffer.concat([wavHeader(1_600), bytesFrom(sine(100, { hz: 400 }))]);
		await record('audio', 'play', spoken.fields, undefined, {
			$binary: {
				data: { data: file.toString('base64'), mimeType: 'audio/wav', fileName: 'prompt.wav' },
			},
		});
		pbx.calls.say(spoken.callid, bytesFrom(sine(1_000, { hz: 300 })));
		await record('audio', 'record', { ...spoken.fields, endOn: [], maxSeconds: 1 });
		const listens = asked('GET', /participants\/\d+$/);
		await record('audio', 'collectDigits', spoken.fields, async () => {
			await listens;
			for (const key of '4711#') pbx.calls.pressKey({ callid: spoken.callid, key });
		});
		hangUp(spoken);
		const dials = asked('POST', /makecall$/);
		await record(
			'audio',
			'askByPhone',
			{ extension: by(APP), destination: '+442079460018' },
			async () => {
				await dials;
				const isHeard = () =>
					pbx.calls
						.participants(APP)
						.some(({ id }) => pbx.calls.heard({ dn: APP, participant: id }).length > 0);
				await until(isHeard, 'the question');
				pbx.calls.pressKey({ callid: pbx.calls.participants(APP)[0]!.callid, key: '1' });
			},
			{
				$binary: {
					data: { data: file.toString('base64'), mimeType: 'audio/wav', fileName: 'question.wav' },
				},
			},
		);
		return recorded;
	} finally {
		for (const { id } of pbx.calls.calls()) pbx.calls.hangUp({ callid: id });
		await close();
	}
}

/** The 3CX Trigger, for which a call is over as soon as its last leg is gone. */
class QuickTrigger extends ThreeCxTrigger {
	override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(this, { timing: { ...QUICK, pingMs: 5_000, goneMs: 50 } });
	}
}

/** Every event of the 3CX Trigger, with all the fields that its items have. */
export async function ofTrigger(): Promise<Recorded> {
	const pbx = await quietPbx({ calls: { externalAnswerAfterMs: 0, pickUpAfterMs: 0 } });
	pbx.store.singleton('E164Settings', () => ({ CountryName: 'United Kingdom' }));
	const emitted = new Collector<IDataObject>();
	const { response } = await activate({
		type: QuickTrigger,
		credentials: credentialsFor(pbx),
		parameters: {
			events: callEvents.map(({ value }) => value) as string[],
			filters: { dnTypes: ['Wextension', 'Wqueue', 'Wroutepoint', 'Wparkextension'] },
		},
		onEmit: ({ items }) => items.forEach(({ json }) => emitted.push(json)),
	});
	/** Waits until something is told that has not been told before. */
	const told = async (event: string, of: IDataObject = {}) => {
		const fits = (item: IDataObject) =>
			item.event === event && Object.entries(of).every(([name, value]) => item[name] === value);
		return await emitted.first(fits, event);
	};
	const recorded: Recorded = {};
	const keep = async (event: string, of?: IDataObject) => {
		recorded[event] = exampleOf({ json: await told(event, of) });
	};
	const { calls } = pbx;
	/** The trigger has to see a phone ring: of what is over before it looks, nobody can know. */
	const looked = async (dn: string) =>
		await until(
			() =>
				pbx.requests.some(
					({ path, status }) => path.includes(`/${dn}/participants/`) && status === 200,
				),
			`the trigger to look at ${dn}`,
		);
	try {
		const callId = calls.incoming({ from: CALLER, fromName: 'Ada Lovelace', to: '100' });
		await keep('callRinging', { callId });
		calls.answer({ callid: callId });
		await keep('callAnswered', { callId });
		calls.transfer({ dn: '100', to: '101' });
		await looked('101');
		calls.answer({ callid: callId, dn: '101' });
		await keep('callTransferred', { callId });
		calls.park({ dn: '101' });
		await keep('callParked', { callId });
		// Who dials a slot of the sandbox takes its caller into a call of his own; what the slot sends on stays this one.
		calls.transfer({ dn: String((await told('callParked')).parkedAt), to: '102' });
		await looked('102');
		calls.answer({ callid: callId, dn: '102' });
		await keep('callPickedUp');
		for (const { id } of calls.calls()) calls.hangUp({ callid: id });
		await keep('callEnded', { callId });
		await keep('participantChanged', { callId });
		await keep('raw');

		const missed = calls.incoming({ from: CALLER, fromName: 'Ada Lovelace', to: '100' });
		await told('callRinging', { callId: missed });
		calls.hangUp({ callid: missed });
		await keep('callMissed', { callId: missed });

		const dialled = calls.internal({ from: '100', to: '101' });
		await keep('callDialing', { callId: dialled });
		calls.hangUp({ callid: dialled });

		const queued = calls.incoming({ from: CALLER, fromName: 'Ada Lovelace', to: '800' });
		await keep('callerEnteredQueue', { callId: queued });
		await told('callRinging', { callId: queued });
		calls.answer({ callid: queued });
		await keep('callerLeftQueue', { callId: queued });
		calls.hangUp({ callid: queued });

		const toApp = calls.incoming({ from: CALLER, fromName: 'Ada Lovelace', to: APP });
		await told('callAnswered', { callId: toApp });
		calls.pressKey({ callid: toApp, key: '1' });
		await keep('keyPressed');
		calls.promptFinished({ dn: APP, participant: calls.participants(APP)[0]!.id });
		await keep('promptFinished');
		calls.hangUp({ callid: toApp });
		await told('callEnded', { callId: toApp });

		const { devices } = calls.directory.dn('100')!;
		const [device] = devices.splice(0, 1);
		calls.deviceChanged('100', device!.device_id, 'remove');
		await keep('deviceUnregistered');
		devices.unshift(device!);
		calls.deviceChanged('100', device!.device_id, 'upsert');
		await keep('deviceRegistered');

		await pbx.down();
		await keep('connectionLost');
		await pbx.up();
		await keep('connectionRestored');
		return recorded;
	} finally {
		await response.closeFunction?.();
		await pbx.close();
	}
}

/** Every event of the 3CX Call History Trigger. */
export async function ofHistory(): Promise<Recorded> {
	const pbx = await quietPbx({ seedCallLogRows: 50 });
	try {
		pbx.store.singleton('E164Settings', () => ({ CountryName: 'United Kingdom' }));
		const trigger = published(pbx, {
			events: historyEvents.map(({ value }) => value) as string[],
			options: { downloadFile: true },
		});
		await trigger.poll();
		const call = (to: string, answers: boolean) => {
			const callid = pbx.calls.incoming({ from: CALLER, fromName: 'Ada Lovelace', to });
			if (answers) pbx.calls.answer({ callid });
			pbx.calls.hangUp({ callid });
		};
		call('100', true);
		call('101', false);
		const now = new Date().toISOString();
		const [recording] = pbx.store.rows('Recordings');
		pbx.store.insert('Recordings', {
			...recording,
			Id: 9_001,
			StartTime: now,
			EndTime: now,
			FromCallerNumber: CALLER,
			FromDisplayName: 'Ada Lovelace',
			ToDn: '100',
			ToDisplayName: 'Amelia Hartley',
		});
		pbx.store.insert('ChatMessagesHistoryView', {
			ConversationId: 1,
			MessageId: 9_002,
			FromName: 'Amelia Hartley',
			FromNo: '100',
			Message: 'Who takes the phone at noon?',
			TimeSent: now,
			ParticipantsGroupsArray: [],
		});
		const recorded: Recorded = {};
		for (const item of (await trigger.pollAll()).flat())
			recorded[String(item.json.event)] ??= exampleOf(item);
		return recorded;
	} finally {
		await pbx.close();
	}
}

/** What happens to the PBX, for each event of the 3CX System Trigger that a change brings about. */
const CHANGES: Record<string, (pbx: Pbx) => void> = {
	addressBlocked: ({ store }) =>
		void store.insert('Blocklist', { Id: 91, IPAddrMask: '192.0.2.66', BlockType: 'Block' }),
	agentLoggedIn: (pbx) => ofUser(pbx, '104', { QueueStatus: 'LoggedIn' }),
	agentLoggedOut: (pbx) => ofUser(pbx, '103', { QueueStatus: 'LoggedOut' }),
	// An error of a backup is an error, too.
	errorLogged: (pbx) => logged(pbx, 93, { EventId: 4101, Message: 'Trunk lost' }),
	backupFailed: (pbx) => logged(pbx, 92, { Source: 'Backup', Message: 'No space on ftp' }),
	extensionRegistered: (pbx) => ofUser(pbx, '106', { IsRegistered: true }),
	extensionUnregistered: (pbx) => ofUser(pbx, '105', { IsRegistered: false }),
	numberBlocked: ({ store }) =>
		void store.insert('BlackListNumbers', { Id: 'b1', CallerId: '+441632960666' }),
	queueThresholdPassed: ({ calls }) => {
		for (const from of [CALLER, '+442079460102']) calls.incoming({ from, to: '800' });
	},
	sbcConnected: (pbx) => ofSbc(pbx, 1, true),
	sbcDisconnected: (pbx) => ofSbc(pbx, 0, false),
	serviceStarted: ({ store }) => void (store.singleton('services').MediaServer = 'Running'),
	serviceStopped: ({ store }) => void (store.singleton('services').QueueManager = 'Stopped'),
	trunkOffline: (pbx) => ofTrunk(pbx, 0, false),
	trunkOnline: (pbx) => ofTrunk(pbx, 1, true),
	userStatusChanged: (pbx) => ofUser(pbx, '100', { CurrentProfileName: 'Away' }),
};

const ofUser = ({ store }: Pbx, number: string, change: IDataObject) =>
	void store.update('Users', store.find('Users', 'Number', number)!, change);
const ofSbc = ({ store }: Pbx, at: number, HasConnection: boolean) =>
	void store.update('Sbcs', store.rows('Sbcs')[at]!, { HasConnection });
const ofTrunk = ({ store }: Pbx, at: number, IsOnline: boolean) =>
	void store.update('Trunks', store.rows('Trunks')[at]!, { IsOnline });
const logged = ({ store }: Pbx, Id: number, row: IDataObject) =>
	void store.insert('EventLogs', {
		Id,
		Type: 'Error',
		TimeGenerated: new Date().toISOString(),
		Params: [],
		...row,
	});

const HOUR = 3_600_000;

/** Every event of the 3CX System Trigger. What is read once an hour only is made to happen by the clock. */
export async function ofSystemTrigger(): Promise<Recorded> {
	const pbx = await startPbx();
	const { store } = pbx;
	store.insert('Sbcs', { Name: 's1', DisplayName: 'Harbour', HasConnection: true });
	store.insert('Sbcs', { Name: 's2', DisplayName: 'Hill', HasConnection: false });
	store.singleton('services').MediaServer = 'Stopped';
	store.insert('Trunks', {
		Id: 9_001,
		Number: '10001',
		IsOnline: false,
		Gateway: { Name: 'Second line' },
	});
	ofUser(pbx, '104', { QueueStatus: 'LoggedOut' });
	ofUser(pbx, '106', { IsRegistered: false });
	store.insert('Backups', { FileName: 'a.zip', CreationTime: new Date().toISOString() });
	let later = 0;
	class Quick extends ThreeCxSystemTrigger {
		override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
			return await watch(this, { now: () => Date.now() + later, everyMs: 20 });
		}
	}
	const emitted = new Collector<IDataObject>();
	const { response } = await activate({
		type: Quick,
		credentials: credentialsFor(pbx),
		parameters: {
			events: SYSTEM_EVENTS.map(({ value }) => value),
			extensions: ['105', '106'],
			maxCallers: 1,
		},
		onEmit: ({ items }) => items.forEach(({ json }) => emitted.push(json)),
	});
	const told = async (event: string) => await emitted.first((item) => item.event === event, event);
	const recorded: Recorded = {};
	try {
		for (const [event, change] of Object.entries(CHANGES)) {
			change(pbx);
			recorded[event] = exampleOf({ json: await told(event) });
		}
		later = 49 * HOUR;
		recorded.backupTooOld = exampleOf({ json: await told('backupTooOld') });
		store.insert('Updates', {
			Name: '3CX',
			Category: 'PBX',
			LocalVersion: '20.0.10',
			ServerVersion: '20.0.11',
			OutOfDate: true,
		});
		later = 340 * 24 * HOUR;
		for (const event of ['licenceEnding', 'updateAvailable'])
			recorded[event] = exampleOf({ json: await told(event) });
		return recorded;
	} finally {
		await response.closeFunction?.();
		await pbx.close();
	}
}
