import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { linkCount } from '../../lib/callcontrol/link/sharing';
import type { PbxOptions } from '../../sandbox/pbx';
import { APP, by, CALLER, legOf, nodeAndPbx, until, type NodeAndPbx } from './node';

/** `routeto` and `transferto` answer when the outcome is known (protocol 2.5); a PBX that answers at once is one, too. */

let node: NodeAndPbx;

const start = async (options: PbxOptions = {}) => {
	node = await nodeAndPbx(options);
};
afterEach(async () => await node.close());

const OUTSIDE = '+442079460018';

/** A PBX that answers a transfer and a route before anything has come of it. */
const AT_ONCE: PbxOptions = { calls: { awaited: [] } };

type Sent = 'transfer' | 'routeTo' | 'divert';

/** A call from outside that can be sent on in that way, and the node's parameters for doing so. */
function callFor(operation: Sent, more: INodeParameters = {}) {
	const { calls } = node.pbx;
	const dn = operation === 'routeTo' ? APP : '100';
	const callid = calls.incoming({ from: CALLER, to: dn });
	if (operation === 'transfer') calls.answer({ callid, dn });
	const [leg] = calls.participants(dn).filter((each) => each.callid === callid);
	const parameters: INodeParameters = {
		resource: 'call',
		operation,
		...legOf(dn, leg!.id),
		destination: '101',
		...more,
	};
	return { callid, dn, id: leg!.id, parameters };
}

const legs = (dn: string) => node.pbx.calls.participants(dn);
const rings = async (dn: string) =>
	await until(() => legs(dn).some(({ status }) => status === 'Ringing'), `${dn} to ring`);

/** Resolves when a leg of the extension has been read since so many requests. */
const isRead = async (dn: string, since: number) => {
	const isLegOf = ({ path, status }: { path: string; status: number }) =>
		path.includes(`/${dn}/participants/`) && status === 200;
	await until(() => node.pbx.requests.slice(since).some(isLegOf), `a leg of ${dn} to be read`);
};
/** Of what is over before anybody looked nobody can know. */
const seesRinging = async (dn: string) => {
	const seen = node.pbx.requests.length;
	await rings(dn);
	await isRead(dn, seen);
};

/** Runs the node, plays the call meanwhile, and gives what came out. */
async function meanwhile(
	parameters: INodeParameters,
	happens: () => Promise<void>,
): Promise<IDataObject> {
	const output = node.one(parameters);
	output.catch(() => undefined);
	await happens();
	return await output;
}

/** Whether the PBX owes an answer to a transfer or route. */
const isPending = () =>
	node.pbx.requests.some(
		({ path, status }) => /\/(?:transferto|routeto|divert)$/.test(path) && status === 0,
	);

const took = async <T>(work: Promise<T>): Promise<{ result: T; ms: number }> => {
	const from = performance.now();
	return { result: await work, ms: performance.now() - from };
};

describe.each<Sent>(['transfer', 'routeTo', 'divert'])('%s', (operation) => {
	test('Do Not Wait does not: the workflow goes on while it rings', async () => {
		await start({ calls: { awaited: ['routeto', 'transferto', 'divert'] } });
		const { callid, parameters } = callFor(operation);
		const { result, ms } = await took(node.one(parameters));
		expect(ms).toBeLessThan(3_000);
		expect(result).toMatchObject({ success: true, destination: '101' });
		expect(result).not.toHaveProperty('outcome');
		expect(isPending()).toBe(true);
		// And it goes on: nobody has taken the request back.
		await rings('101');
		node.pbx.calls.answer({ dn: '101' });
		expect(legs('101')).toMatchObject([{ status: 'Connected', callid }]);
	});

	test('a refusal is told, also by who does not wait', async () => {
		await start();
		const { error } = await node.run(callFor(operation, { destination: '4' }).parameters);
		expect(error).toMatchObject({ httpCode: '422' });
	});

	test('424: the advice is about the destination, not about audio', async () => {
		await start();
		const { parameters } = callFor(operation);
		const body = { finalstatus: 'Failed', reason: 'PhoneBusy', reasontext: '101: busy' };
		node.pbx.faults.next({
			method: 'POST',
			path: /\/(?:transferto|routeto|divert)$/,
			status: 424,
			body,
		});
		const { error } = await node.run(parameters);
		expect(error).toMatchObject({
			message: 'Nobody took the call at the destination',
			httpCode: '424',
			description: expect.stringMatching(/still where it was.*3CX says: 101: busy/s),
		});
		expect(`${error?.message} ${error?.description}`).not.toMatch(/audio/i);
	});
});

describe.each([
	['awaits', {}],
	['answers at once', AT_ONCE],
	['awaits, and fails with 200', { calls: { failedRouteStatus: 200 } }],
] as Array<[string, PbxOptions]>)('a PBX that %s', (_, options) => {
	const sent = ['transfer', 'routeTo'] as const;
	const waiting = (operation: Sent, more: INodeParameters = {}) =>
		callFor(operation, { waitUntil: 'answered', timeLimit: 20, ...more });

	test.each(sent)('%s: Ringing is when it rings', async (operation) => {
		await start(options);
		const { parameters } = waiting(operation, { waitUntil: 'ringing' });
		expect(await node.one(parameters)).toMatchObject({
			success: true,
			outcome: 'ringing',
			reached: true,
			answered: false,
		});
		expect(legs('101')).toMatchObject([{ status: 'Ringing' }]);
	});

	test.each(sent)('%s: Answered is when somebody answers', async (operation) => {
		await start(options);
		const { callid, parameters } = waiting(operation);
		const output = await meanwhile(parameters, async () => {
			await rings('101');
			node.pbx.calls.answer({ dn: '101' });
		});
		expect(output).toMatchObject({
			success: true,
			outcome: 'answered',
			reached: true,
			answeredBy: '101',
			callId: callid,
		});
	});

	test.each(sent)('%s: Ended is when it is over', async (operation) => {
		await start(options);
		const { callid, parameters } = waiting(operation, { waitUntil: 'ended' });
		const output = await meanwhile(parameters, async () => {
			await seesRinging('101');
			const seen = node.pbx.requests.length;
			node.pbx.calls.answer({ dn: '101' });
			await isRead('101', seen);
			node.pbx.calls.hangUp({ callid });
		});
		expect(output).toMatchObject({ outcome: 'ended', reached: true, answeredBy: '101' });
	});

	test.each(sent)('%s: nobody answers, and the call is where it was', async (operation) => {
		await start(options);
		const { callid, dn, parameters } = waiting(operation);
		const output = await meanwhile(parameters, async () => {
			await seesRinging('101');
			node.pbx.calls.timeoutRinging({ callid });
		});
		expect(output).toMatchObject({ success: false, outcome: 'returned', reached: false });
		expect(legs(dn)).toMatchObject([{ status: 'Connected' }]);
	});

	test.each(sent)('%s: the caller hangs up', async (operation) => {
		await start(options);
		const { callid, parameters } = waiting(operation);
		const output = await meanwhile(parameters, async () => {
			await seesRinging('101');
			node.pbx.calls.hangUp({ callid });
		});
		expect(output).toMatchObject({
			outcome: 'ended',
			reached: false,
			answered: false,
			status: null,
		});
	});

	test.each(sent)('%s: at most a second is a second, and the call goes on', async (operation) => {
		await start(options);
		const { parameters } = waiting(operation, { timeLimit: 1 });
		const { result, ms } = await took(node.one(parameters));
		expect(result).toMatchObject({ success: true, outcome: 'timeout', reached: false });
		expect(ms).toBeLessThan(3_000);
		node.pbx.calls.answer({ dn: '101' });
		expect(legs('101')).toMatchObject([{ status: 'Connected' }]);
	});
});

describe('where only the answer of the PBX tells', () => {
	const waiting = { waitUntil: 'answered', timeLimit: 20 };

	test.each([
		['busy', 'busy', 'busy'],
		['no answer', 'never', 'returned'],
	])('%s outside', async (_, how, outcome) => {
		await start({ calls: { externalAnswerAfterMs: 50, ringTimeoutMs: 300 } });
		node.pbx.calls.setExternal(OUTSIDE, how as 'busy' | 'never');
		const { parameters, id } = callFor('transfer', { ...waiting, destination: OUTSIDE });
		expect(await node.one(parameters)).toMatchObject({ success: false, outcome, reached: false });
		expect(legs('100')).toMatchObject([{ id, status: 'Connected' }]);
	});

	test.each(['transfer', 'routeTo'] as const)(
		'%s: an extension that the API client may not see answers',
		async (operation) => {
			await start();
			node.pbx.clients[0]!.monitored = ['100'];
			const output = await meanwhile(callFor(operation, waiting).parameters, async () => {
				await rings('101');
				node.pbx.calls.answer({ dn: '101' });
			});
			expect(output).toMatchObject({
				success: true,
				outcome: 'answered',
				reached: true,
				answered: true,
				answeredBy: null,
			});
		},
	);

	test('a queue that picks up has not answered; its agent has', async () => {
		await start();
		const queue = String(node.pbx.store.rows('Queues')[0]!.Number);
		const [agent] = node.pbx.calls.directory.dn(queue)!.members!;
		const { parameters } = callFor('transfer', { ...waiting, destination: queue });
		const output = await meanwhile(parameters, async () => {
			await rings(agent!);
			node.pbx.calls.answer({ dn: agent! });
		});
		expect(output).toMatchObject({ outcome: 'answered', answeredBy: agent });
	});

	test('a ring that is longer than any answer may take', async () => {
		await start();
		const { parameters } = callFor('transfer', { ...waiting, requestOptions: { timeout: 1 } });
		const output = await meanwhile(parameters, async () => {
			await rings('101');
			await new Promise((resolve) => setTimeout(resolve, 2_500));
			node.pbx.calls.answer({ dn: '101' });
		});
		expect(output).toMatchObject({ outcome: 'answered', answeredBy: '101' });
	});

	test.each([
		['a gateway gives up', { status: 504 }],
		['the connection breaks', { resetConnection: true }],
	])('%s while it rings: events decide', async (_, fault) => {
		await start();
		const { parameters } = callFor('transfer', { ...waiting });
		node.pbx.faults.next({ method: 'POST', path: /transferto$/, after: true, ...fault });
		const output = await meanwhile(parameters, async () => {
			await rings('101');
			node.pbx.calls.answer({ dn: '101' });
		});
		expect(output).toMatchObject({ success: true, outcome: 'answered', answeredBy: '101' });
	});

	test('an answer that gets lost, and nothing to be seen: unknown', async () => {
		await start();
		node.pbx.clients[0]!.monitored = ['100'];
		const { parameters } = callFor('transfer', { ...waiting, timeLimit: 2, destination: OUTSIDE });
		node.pbx.faults.next({ method: 'POST', path: /transferto$/, status: 504 });
		expect(await node.one(parameters)).toMatchObject({
			success: null,
			outcome: 'unknown',
			reached: false,
		});
	});
});

describe('pending requests', () => {
	test('twelve of them keep nobody waiting: neither a call nor work', async () => {
		await start();
		const requestOptions = { inFlight: 4 };
		const pending = Array.from({ length: 12 }, () =>
			callFor('routeTo', { destination: OUTSIDE, waitUntil: 'answered', timeLimit: 30 }),
		);
		const runs = pending.map(async ({ parameters }) => await node.one(parameters));
		const waiting = () =>
			node.pbx.requests.filter(({ path, status }) => path.endsWith('/routeto') && status === 0);
		await until(() => waiting().length === 12, 'twelve pending requests', 15_000);
		const fifth = async (parameters: INodeParameters, type?: string) =>
			await took(node.run({ ...parameters, requestOptions }, type ? { type } : {}));
		const call = await fifth({ resource: 'extension', operation: 'get', extension: by('100') });
		expect(call.result.error).toBeUndefined();
		expect(call.ms).toBeLessThan(3_000);
		const work = await fifth(
			{ resource: 'user', operation: 'getAll', returnAll: false, limit: 1 },
			'n8n-nodes-threecx.threeCx',
		);
		expect(work.result.error).toBeUndefined();
		expect(work.ms).toBeLessThan(3_000);
		for (const { callid } of pending) node.pbx.calls.answer({ callid });
		for (const output of await Promise.all(runs))
			expect(output).toMatchObject({ outcome: 'answered' });
	}, 60_000);

	test('a stopped execution ends within a second, and says what goes on', async () => {
		await start();
		let cancel = () => undefined as void;
		const { parameters } = callFor('transfer', { waitUntil: 'answered', timeLimit: 60 });
		const run = node.run(parameters, {
			started: (execution) => (cancel = () => execution.cancel()),
		});
		await rings('101');
		const { ms, result } = await took((cancel(), run));
		expect(ms).toBeLessThan(1_000);
		expect(result.items[0]!.json).toMatchObject({
			success: true,
			outcome: 'unknown',
			reached: false,
			note: 'The execution was stopped. The transfer to 101 goes on at the PBX.',
		});
		await until(() => linkCount() === 0, 'the link to be left');
		node.pbx.calls.answer({ dn: '101' });
		expect(legs('101')).toMatchObject([{ status: 'Connected' }]);
	});
});

describe('a call that has been made', () => {
	const make = {
		resource: 'call',
		operation: 'makeCall',
		extension: by('100'),
		device: 'deskPhone',
		destination: '101',
		waitUntil: 'answered',
		timeLimit: 2,
	};
	const made = () => node.pbx.requests.filter(({ path }) => path.endsWith('/makecall'));

	test('is not made twice because nobody can look at it: 503', async () => {
		await start();
		const output = await meanwhile(make, async () => {
			// The link has come up: without it nothing is called at all.
			await node.asked('POST', /makecall$/);
			node.pbx.faults.next({ method: 'GET', status: 503, times: Infinity });
		});
		const [leg] = node.pbx.calls.participants('100');
		expect(output).toMatchObject({
			success: true,
			outcome: 'unknown',
			reached: false,
			participantId: leg!.id,
			callId: leg!.callid,
		});
		expect(made()).toHaveLength(1);
	});

	test('and whose answer gets lost is found by its events', async () => {
		await start();
		node.pbx.faults.next({
			method: 'POST',
			path: /makecall$/,
			after: true,
			resetConnection: true,
		});
		const output = await meanwhile({ ...make, timeLimit: 10 }, async () => {
			await rings('101');
			node.pbx.calls.answer({ dn: '101' });
		});
		expect(output).toMatchObject({ success: true, outcome: 'answered', answeredBy: '101' });
		expect(made()).toHaveLength(1);
	});

	test('but one of which neither answer nor event tells has failed', async () => {
		await start();
		node.pbx.faults.next({ method: 'POST', path: /makecall$/, resetConnection: true });
		const { error } = await node.run({ ...make, timeLimit: 1 });
		expect(error?.message).toMatch(/broke the connection/);
		expect(node.pbx.calls.calls()).toHaveLength(0);
	});

	test('is not known to be anywhere while nothing can be heard of it', async () => {
		await start();
		const output = await meanwhile(make, async () => {
			await rings('101');
			// The API client loses its right to listen.
			node.pbx.clients[0]!.callControlEnabled = false;
			node.pbx.faults.dropSockets();
		});
		expect(output).toMatchObject({ success: true, outcome: 'unknown', reached: false });
		expect(made()).toHaveLength(1);
	});
});
