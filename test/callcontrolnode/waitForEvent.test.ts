import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { linkCount } from '../../lib/callcontrol/link/sharing';
import { searchCalls } from '../../nodes/ThreeCxCallControl/fields/call';
import { loadOptionsContext } from '../support/n8n';
import { APP, CALLER, nodeAndPbx, TYPE, until, type NodeAndPbx } from './node';

let node: NodeAndPbx;

const start = async (...options: Parameters<typeof nodeAndPbx>) => {
	node = await nodeAndPbx(...options);
};
afterEach(async () => await node.close());

const waitFor = (happenings: string[], more: INodeParameters = {}): INodeParameters => ({
	resource: 'call',
	operation: 'waitFor',
	happenings,
	timeLimit: 20,
	...more,
});

const incoming = (to: string) => node.pbx.calls.incoming({ from: CALLER, fromName: 'Ada', to });
const legsOn = (dn: string) => node.pbx.calls.participants(dn);
const answer = (callid: number, dn: string) => node.pbx.calls.answer({ callid, dn });

/** The item of a trigger that tells of a call on an extension. */
const itemOf = (callid: number, dn: string): IDataObject => {
	const leg = legsOn(dn).find((each) => each.callid === callid);
	return { callId: callid, extension: dn, participantId: leg?.id ?? 0 };
};

/** Waits for what has happened already. */
const already = async (item: IDataObject, happenings: string[], more: INodeParameters = {}) =>
	await node.one(waitFor(happenings, more), { items: [item] });

/** Waits, and lets it happen once the node is listening. */
async function meanwhile(
	item: IDataObject,
	happenings: string[],
	happens: () => void | Promise<void>,
	more: INodeParameters = {},
): Promise<IDataObject> {
	const asked = node.asked('GET', /\/callcontrol$/);
	const output = already(item, happenings, more);
	output.catch(() => undefined);
	await asked;
	await happens();
	return await output;
}

describe('what is so already ends the wait at once', () => {
	const talking = () => {
		const callid = incoming('100');
		answer(callid, '100');
		return itemOf(callid, '100');
	};
	const inQueue = () => itemOf(incoming('800'), '800');
	const taken = () => {
		const item = inQueue();
		const agent = ['104', '105', '106'].find((dn) => legsOn(dn).length > 0);
		node.pbx.calls.answer({ callid: item.callId as number, ...(agent && { dn: agent }) });
		return item;
	};
	const parked = () => {
		const item = talking();
		node.pbx.calls.park({ dn: '100' });
		return item;
	};

	test.each<[string, () => IDataObject, string]>([
		['ringing', () => itemOf(incoming('100'), '100'), '100'],
		['answered', talking, '100'],
		['connected', inQueue, '800'],
		['leftQueue', talking, '100'],
		['leftQueue', taken, ''],
		['pickedUp', talking, '100'],
		['parked', parked, ''],
	])('%s', async (what, play, extension) => {
		await start();
		const item = play();
		const output = await already(item, [what]);
		expect(output).toMatchObject({
			outcome: what,
			reached: true,
			recovered: true,
			callId: item.callId,
			number: CALLER,
			...(extension && { extension }),
		});
		expect(output.secondsWaited).toBeLessThan(5);
	});

	test('transferred since the item, but not before it', async () => {
		await start();
		const item = talking();
		node.pbx.calls.transfer({ dn: '100', to: '101' });
		answer(item.callId as number, '101');
		expect(await already(item, ['transferred'])).toMatchObject({
			outcome: 'transferred',
			extension: '101',
			referredBy: '100',
		});
		const later = itemOf(item.callId as number, '101');
		expect(await already(later, ['transferred'], { timeLimit: 1 })).toMatchObject({
			outcome: 'timeout',
			reached: false,
		});
	});

	test('the call was over', async () => {
		await start();
		const item = talking();
		node.pbx.calls.hangUp({ callid: item.callId as number });
		expect(await already(item, ['answered'])).toMatchObject({
			outcome: 'alreadyOver',
			reached: false,
			callId: item.callId,
			extension: null,
			answered: null,
		});
		expect(await already(item, ['ended', 'answered'], { timeLimit: 1 })).toMatchObject({
			outcome: 'alreadyOver',
			reached: true,
		});
	});
});

describe('waits until', () => {
	test.each<[string, string, (callid: number) => void, IDataObject]>([
		['answered', '100', (callid) => answer(callid, '100'), { extension: '100', answered: true }],
		[
			'leftQueue',
			'800',
			() => node.pbx.calls.answer({}),
			{ queue: '800', queueOutcome: 'answered', takenBy: expect.any(String) },
		],
		[
			'leftQueue',
			'800',
			(callid) => node.pbx.calls.hangUp({ callid }),
			{ queue: '800', queueOutcome: 'abandoned', takenBy: null },
		],
		[
			'ended',
			'100',
			(callid) => node.pbx.calls.hangUp({ callid }),
			{ answered: false, endedAt: expect.any(String) },
		],
	])('%s, on %s', async (what, to, happens, more) => {
		await start();
		const callid = incoming(to);
		const output = await meanwhile(itemOf(callid, to), [what], () => happens(callid));
		expect(output).toMatchObject({ outcome: what, reached: true, callId: callid, ...more });
	});

	test('transferred', async () => {
		await start();
		const callid = incoming('100');
		answer(callid, '100');
		const output = await meanwhile(itemOf(callid, '100'), ['transferred'], async () => {
			node.pbx.calls.transfer({ dn: '100', to: '101' });
			await until(() => legsOn('101').length > 0, 'the transfer');
			answer(callid, '101');
		});
		expect(output).toMatchObject({ outcome: 'transferred', extension: '101' });
	});

	test('parked, and picked up again', async () => {
		await start();
		const callid = incoming('100');
		answer(callid, '100');
		const item = itemOf(callid, '100');
		const parked = await meanwhile(item, ['parked'], () => void node.pbx.calls.park({ dn: '100' }));
		expect(parked).toMatchObject({ outcome: 'parked', callId: callid });
	});

	test('one of these keys is pressed', async () => {
		await start();
		const callid = incoming(APP);
		let isOver = false;
		const output = already(itemOf(callid, APP), ['keyPressed'], { keys: '#' }).finally(
			() => (isOver = true),
		);
		// Whoever presses a key before anybody listens is not heard.
		await until(() => {
			for (const key of isOver ? '' : '1#') node.pbx.calls.pressKey({ callid, key });
			return isOver;
		}, 'the key to be heard');
		expect(await output).toMatchObject({ outcome: 'keyPressed', keys: '#', extension: APP });
	});

	test('the first of several', async () => {
		await start();
		const callid = incoming('100');
		const output = await meanwhile(itemOf(callid, '100'), ['transferred', 'answered'], () =>
			answer(callid, '100'),
		);
		expect(output).toMatchObject({ outcome: 'answered', reached: true });
	});

	test('it is over, though something else was waited for', async () => {
		await start();
		const callid = incoming('100');
		const output = await meanwhile(itemOf(callid, '100'), ['answered'], () =>
			node.pbx.calls.hangUp({ callid }),
		);
		expect(output).toMatchObject({ outcome: 'ended', reached: false, answered: false });
	});

	test('the time is up: the call as it is now', async () => {
		await start();
		const callid = incoming('100');
		const item = itemOf(callid, '100');
		expect(await already(item, ['answered'], { timeLimit: 1 })).toMatchObject({
			outcome: 'timeout',
			reached: false,
			status: 'Ringing',
			extension: '100',
			callId: callid,
		});
	});
});

test('other calls are of no interest', async () => {
	await start();
	const callid = incoming('100');
	const other = incoming('101');
	const output = await meanwhile(
		itemOf(callid, '100'),
		['answered'],
		async () => {
			answer(other, '101');
			await until(() => legsOn('101')[0]?.status === 'Connected', 'the other call');
		},
		{ timeLimit: 1 },
	);
	expect(output).toMatchObject({ outcome: 'timeout' });
});

test.each<[string, INodeParameters, string]>([
	['no call', {}, 'Call ID'],
	['no number', { callId: { __rl: true, mode: 'id', value: 'abc' } }, 'not a call ID'],
	[
		'nothing to wait for',
		{ happenings: '={{ [] }}', callId: { __rl: true, mode: 'id', value: '1' } },
		'Wait Until',
	],
	[
		'a key that no phone has',
		{ keys: 'x', happenings: ['keyPressed'], callId: { __rl: true, mode: 'id', value: '1' } },
		'Keys',
	],
])('refuses %s', async (_, more, message) => {
	await start();
	const { error } = await node.run(waitFor(['ended'], more), { items: [{}] });
	expect(error?.message).toContain(message);
});

test('ends with the execution, and leaves the link', async () => {
	await start();
	const callid = incoming('100');
	let cancel = () => undefined as void;
	const asked = node.asked('GET', /\/callcontrol$/);
	const run = node.run(waitFor(['answered']), {
		items: [itemOf(callid, '100')],
		started: (execution) => (cancel = () => execution.cancel()),
	});
	await asked;
	cancel();
	await run;
	await until(() => linkCount() === 0, 'the link to be left');
	expect(legsOn('100')).toHaveLength(1);
});

test('the list has the calls that are going on', async () => {
	await start();
	const callid = incoming('100');
	const context = loadOptionsContext({}, node.credentials, TYPE);
	const { results } = await searchCalls.call(context);
	expect(results).toEqual([
		{ name: `Ringing: Ada ${CALLER} (100, call ${callid})`, value: String(callid) },
	]);
	expect((await searchCalls.call(context, 'nobody')).results).toEqual([]);
});
