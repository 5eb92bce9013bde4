import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { linkCount, subscribe, type Subscription } from '../../lib/callcontrol/link/sharing';
import type { CallEvent, TrackerEvent } from '../../lib/callcontrol/calls/tracker';
import { linkTo } from '../../nodes/shared/connect';
import { Collector } from '../callcontrol/collector';
import { QUICK } from '../callcontrol/link';
import { loadOptionsContext } from '../support/n8n';
import { APP, by, CALLER, legOf, nodeAndPbx, TYPE, until, type NodeAndPbx } from './node';

let node: NodeAndPbx;

const start = async (...options: Parameters<typeof nodeAndPbx>) => {
	node = await nodeAndPbx(...options);
};
afterEach(async () => await node.close());

const MAKE = { resource: 'call', operation: 'makeCall', timeLimit: 20 };

/** Waits until the link of the node has told of a leg. */
type Told = (dn: string, type: CallEvent['type']) => Promise<CallEvent>;

/**
 * Runs the node, plays the call at the same time, and gives what came out. The test listens on the same link: what it
 * has been told, the node knows, too.
 */
async function meanwhile(
	parameters: INodeParameters,
	happens: (told: Told) => Promise<void>,
): Promise<IDataObject> {
	const events = new Collector<TrackerEvent>();
	const listening = await listen(events);
	const from = events.items.length;
	const output = node.one(parameters);
	output.catch(() => undefined);
	const told: Told = async (dn, type) =>
		(await events.first(
			(event) => event.kind === 'call' && event.leg.dn === dn && event.type === type,
			`${dn} ${type}`,
			from,
		)) as CallEvent;
	return await happens(told)
		.then(async () => await output)
		.finally(async () => await listening.leave());
}

/** Joins the link that the node uses, as a trigger would. */
async function listen(events: Collector<TrackerEvent>): Promise<Subscription> {
	const subscription = subscribe({
		connect: async () => await linkTo(loadOptionsContext({}, node.credentials, TYPE)),
		onEvents: events.pushAll,
		onError: (error) => {
			throw error as Error;
		},
		timing: QUICK,
	});
	await subscription.ready();
	return subscription;
}

/** The leg of an extension, once there is one in that state. */
const legIn = async (dn: string, status: string) => {
	const find = () => node.pbx.calls.participants(dn).find((leg) => leg.status === status);
	await until(() => find() !== undefined, `${dn} ${status}`);
	return find()!;
};

describe('Make Call waits until', () => {
	const desk = { extension: by('100'), device: 'deskPhone', destination: '101' };

	test('answered: by an extension', async () => {
		await start();
		const output = await meanwhile({ ...MAKE, ...desk, waitUntil: 'answered' }, async (told) => {
			await told('101', 'ringing');
			node.pbx.calls.answer({ dn: '101' });
		});
		expect(output).toMatchObject({
			success: true,
			outcome: 'answered',
			reached: true,
			answered: true,
			answeredBy: '101',
			secondsUntilAnswered: expect.any(Number),
			secondsTalked: null,
			status: 'Connected',
		});
	});

	test('answered: by somebody outside', async () => {
		await start({ calls: { externalAnswerAfterMs: 50 } });
		const output = await node.one({ ...MAKE, ...desk, destination: CALLER, waitUntil: 'answered' });
		expect(output).toMatchObject({ outcome: 'answered', reached: true, answeredBy: CALLER });
	});

	test('answered, from a route point: the app talks', async () => {
		await start({ calls: { externalAnswerAfterMs: 50 } });
		const output = await node.one({
			...MAKE,
			extension: by(APP),
			destination: CALLER,
			waitUntil: 'answered',
		});
		expect(output).toMatchObject({ outcome: 'answered', answeredBy: CALLER, extension: APP });
	});

	test('answered, from any device: the call is found although 3CX does not name it', async () => {
		await start({ calls: { pickUpAfterMs: 20 } });
		const output = await meanwhile(
			{ ...MAKE, ...desk, device: 'any', waitUntil: 'answered' },
			async (told) => {
				await told('101', 'ringing');
				node.pbx.calls.answer({ dn: '101' });
			},
		);
		const [own] = node.pbx.calls.participants('100');
		expect(output).toMatchObject({
			outcome: 'answered',
			participantId: own!.id,
			callId: own!.callid,
			legId: own!.legid,
		});
	});

	test('answered, and nobody does: the outcome says so', async () => {
		await start();
		const output = await meanwhile({ ...MAKE, ...desk, waitUntil: 'answered' }, async (told) => {
			await told('101', 'ringing');
			node.pbx.calls.decline({ dn: '101' });
		});
		expect(output).toMatchObject({
			outcome: 'ended',
			reached: false,
			answered: false,
			answeredBy: null,
			status: null,
		});
	});

	test('answered, and it is over before anybody could look', async () => {
		await start();
		const parameters = { ...MAKE, ...desk, waitUntil: 'answered' };
		const output = meanwhile(parameters, async () => await Promise.resolve());
		const { callid } = await legIn('101', 'Ringing');
		node.pbx.calls.hangUp({ callid });
		expect(await output).toMatchObject({ outcome: 'ended', reached: false, callId: callid });
	});

	test('answered, and only the queue picks up: that is connected, not answered', async () => {
		await start();
		const number = String(node.pbx.store.rows('Queues')[0]!.Number);
		const parameters = { ...MAKE, ...desk, destination: number };
		const connected = await node.one({ ...parameters, waitUntil: 'connected' });
		expect(connected).toMatchObject({ outcome: 'connected', reached: true, answered: false });
		const waiting = await node.one({ ...parameters, waitUntil: 'answered', timeLimit: 1 });
		expect(waiting).toMatchObject({ outcome: 'timeout', reached: false, answered: false });
	});

	test('ringing', async () => {
		await start();
		const output = await node.one({ ...MAKE, ...desk, waitUntil: 'ringing' });
		expect(output).toMatchObject({ outcome: 'ringing', reached: true, answered: false });
	});

	test('ended, with the time that was talked', async () => {
		await start();
		const output = await meanwhile({ ...MAKE, ...desk, waitUntil: 'ended' }, async (told) => {
			const { call } = await told('101', 'ringing');
			node.pbx.calls.answer({ dn: '101' });
			await told('100', 'answered');
			node.pbx.calls.hangUp({ callid: call.id });
		});
		expect(output).toMatchObject({
			outcome: 'ended',
			reached: true,
			answered: true,
			answeredBy: '101',
			secondsTalked: expect.any(Number),
		});
	});

	test('nothing: no socket is opened', async () => {
		await start();
		const output = await node.one({ ...MAKE, ...desk });
		expect(output).not.toHaveProperty('outcome');
		expect(node.pbx.requests.filter(({ path }) => path.endsWith('/ws'))).toHaveLength(0);
	});

	test('the time limit: the call goes on', async () => {
		await start();
		const output = await node.one({ ...MAKE, ...desk, waitUntil: 'answered', timeLimit: 1 });
		expect(output).toMatchObject({ outcome: 'timeout', reached: false });
		await legIn('101', 'Ringing');
	});
});

describe('Transfer waits until', () => {
	const talking = () => {
		const callid = node.pbx.calls.incoming({ from: CALLER, to: '100' });
		node.pbx.calls.answer({ callid, dn: '100' });
		const [leg] = node.pbx.calls.participants('100');
		return { callid, id: leg!.id };
	};
	const transfer = (id: number, destination: string, more: INodeParameters = {}) => ({
		resource: 'call',
		operation: 'transfer',
		...legOf('100', id),
		destination,
		waitUntil: 'answered',
		timeLimit: 20,
		...more,
	});

	test('answered', async () => {
		await start();
		const { callid, id } = talking();
		const output = await meanwhile(transfer(id, '101'), async (told) => {
			await told('101', 'ringing');
			node.pbx.calls.answer({ dn: '101' });
		});
		expect(output).toMatchObject({
			outcome: 'answered',
			reached: true,
			answeredBy: '101',
			callId: callid,
			participantId: id,
		});
	});

	test('ringing', async () => {
		await start();
		const output = await node.one(transfer(talking().id, '101', { waitUntil: 'ringing' }));
		expect(output).toMatchObject({ outcome: 'ringing', reached: true, answered: false });
	});

	test('answered, between two people inside', async () => {
		await start();
		const callid = node.pbx.calls.internal({ from: '102', to: '100' });
		node.pbx.calls.answer({ callid, dn: '100' });
		const [leg] = node.pbx.calls.participants('100');
		const output = await meanwhile(transfer(leg!.id, '101'), async (told) => {
			await told('101', 'ringing');
			node.pbx.calls.answer({ dn: '101' });
		});
		expect(output).toMatchObject({ outcome: 'answered', answeredBy: '101' });
	});

	test('answered, and nobody does: the call is back', async () => {
		await start();
		const { id } = talking();
		const output = await meanwhile(transfer(id, '101'), async (told) => {
			const { call } = await told('101', 'ringing');
			node.pbx.calls.timeoutRinging({ callid: call.id });
		});
		expect(output).toMatchObject({ outcome: 'returned', reached: false, answered: false });
		await legIn('100', 'Connected');
	});

	test('answered, and the caller hangs up', async () => {
		await start();
		const { callid, id } = talking();
		const output = await meanwhile(transfer(id, '101'), async (told) => {
			await told('101', 'ringing');
			node.pbx.calls.hangUp({ callid });
		});
		expect(output).toMatchObject({ outcome: 'ended', reached: false, answered: false });
	});

	test('answered by a queue’s agent, not by the queue', async () => {
		await start();
		const queue = node.pbx.store.rows('Queues')[0]!;
		const [agent] = node.pbx.calls.directory.dn(String(queue.Number))!.members!;
		const output = await meanwhile(transfer(talking().id, String(queue.Number)), async (told) => {
			await told(agent!, 'ringing');
			node.pbx.calls.answer({ dn: agent! });
		});
		expect(output).toMatchObject({ outcome: 'answered', answeredBy: agent });
	});

	test('answered outside: nothing but the answer of the PBX tells', async () => {
		await start({ calls: { externalAnswerAfterMs: 50 } });
		const output = await node.one(transfer(talking().id, '+442079460018', { timeLimit: 10 }));
		expect(output).toMatchObject({ outcome: 'answered' });
	});
});

describe('while it waits', () => {
	const waiting = { ...MAKE, extension: by('100'), device: 'deskPhone', destination: '101' };

	test('a stopped execution ends it, and leaves the call alone', async () => {
		await start();
		let cancel = () => undefined as void;
		const run = node.run(
			{ ...waiting, waitUntil: 'answered' },
			{ started: (execution) => (cancel = () => execution.cancel()) },
		);
		await legIn('101', 'Ringing');
		cancel();
		await run;
		await until(() => linkCount() === 0, 'the link to be left');
		await legIn('101', 'Ringing');
	});

	test('a link that breaks loses nothing', async () => {
		await start();
		const output = await meanwhile({ ...waiting, waitUntil: 'answered' }, async (told) => {
			await told('101', 'ringing');
			node.pbx.faults.dropSockets();
			node.pbx.calls.answer({ dn: '101' });
		});
		expect(output).toMatchObject({ outcome: 'answered', answeredBy: '101' });
	});

	test('it shares the socket of the trigger, and leaves it open', async () => {
		await start({ calls: { externalAnswerAfterMs: 50 } });
		const trigger = await listen(new Collector());
		expect(linkCount()).toBe(1);
		const output = await node.one({ ...waiting, destination: CALLER, waitUntil: 'answered' });
		expect(output).toMatchObject({ outcome: 'answered' });
		expect(linkCount()).toBe(1);
		await trigger.leave();
	});

	test('nothing is called where the socket cannot be opened', async () => {
		await start();
		node.pbx.faults.next({ path: /\/ws$/, status: 404, times: 10 });
		const { error } = await node.run({ ...waiting, waitUntil: 'answered' });
		expect(error).toBeDefined();
		expect(node.pbx.calls.calls()).toHaveLength(0);
	});

	test('a call that 3CX refuses fails as it does without waiting', async () => {
		await start();
		const { error } = await node.run({ ...waiting, destination: '4', waitUntil: 'answered' });
		expect(error).toMatchObject({ httpCode: '422' });
	});
});
