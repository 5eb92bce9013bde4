import type { INodeParameters } from 'n8n-workflow';
import { APP, by, CALLER, legOf, nodeAndPbx, type NodeAndPbx } from './node';

/** What an operation of Call Control says when the PBX refuses: advice that fits it, whatever the reason. */

let node: NodeAndPbx;

beforeEach(async () => {
	node = await nodeAndPbx();
});

afterEach(async () => await node.close());

const destination = by('101');
const at = (operation: string, more: INodeParameters = {}, resource = 'call') => ({
	resource,
	operation,
	...more,
});

/** A call that rings at a DN. */
function incoming(dn: string): { callid: number; id: number } {
	const callid = node.pbx.calls.incoming({ from: CALLER, to: dn });
	return node.pbx.calls.legsOf(callid).find((leg) => leg.dn === dn)!;
}

function answered(dn: string): { callid: number; id: number } {
	const leg = incoming(dn);
	node.pbx.calls.answer({ callid: leg.callid, dn });
	return leg;
}

/** An operation, and the request of it that is refused. */
interface Case {
	name: string;
	parameters: () => INodeParameters;
	path: RegExp;
	/** What it may speak of, besides what all may. */
	words: string[];
}

const onLeg = (
	operation: string,
	path: RegExp,
	words: string[],
	more: INodeParameters = {},
): Case => ({
	name: operation,
	parameters: () => {
		const leg =
			operation === 'answer' || operation === 'divert' ? incoming('103') : answered('103');
		return at(operation, { ...legOf('103', leg.id), ...more });
	},
	path,
	words,
});

const onAudio = (operation: string, more: INodeParameters = {}): Case => ({
	name: operation,
	parameters: () => at(operation, { ...legOf(APP, incoming(APP).id), ...more }, 'audio'),
	path: /\/stream$/,
	words: ['audio', 'transfer'],
});

const OPERATIONS: Case[] = [
	onLeg('drop', /\/drop$/, []),
	onLeg('answer', /\/answer$/, ['uaCSTA', 'divert']),
	onLeg('divert', /\/divert$/, ['destination', 'divert', 'transfer', 'phone'], { destination }),
	onLeg('routeTo', /\/routeto$/, ['destination', 'phone'], { destination }),
	onLeg('transfer', /\/transferto$/, ['destination', 'divert', 'transfer', 'phone'], {
		destination,
	}),
	onLeg('attachData', /\/attach_p/, ['data'], {
		side: 'participant',
		attachedData: { entry: [{ key: 'ticket', value: 'T-1' }] },
	}),
	{
		name: 'makeCall',
		parameters: () => at('makeCall', { extension: by('103'), destination }),
		path: /\/makecall$/,
		words: ['number to call', 'phone', 'make calls'],
	},
	{ name: 'getMany', parameters: () => at('getMany'), path: /^\/callcontrol$/, words: ['licence'] },
	{
		name: 'extension getMany',
		parameters: () => at('getMany', {}, 'extension'),
		path: /^\/callcontrol$/,
		words: ['licence'],
	},
	{
		name: 'extension get',
		parameters: () => at('get', { extension: by('103') }, 'extension'),
		path: /^\/callcontrol\/103$/,
		words: [],
	},
	{
		name: 'getParticipants',
		parameters: () => at('getParticipants', { extension: by('103') }, 'extension'),
		path: /^\/callcontrol\/103$/,
		words: [],
	},
	{
		name: 'device getMany',
		parameters: () => at('getMany', { extension: by('103') }, 'device'),
		path: /^\/callcontrol\/103\/devices$/,
		words: ['phone'],
	},
	// Longer than audio that is not there yet is tried again, also on a busy machine.
	onAudio('record', { maxSeconds: 20 }),
];

/** Words that make sense for some operations only. */
const FOREIGN: Record<string, RegExp> = {
	uaCSTA: /uaCSTA/,
	destination: /destination/i,
	licence: /licen[cs]e/i,
	divert: /divert/i,
	transfer: /transfer/i,
	audio: /audio/i,
	data: /Attached Data|Data cannot/,
	phone: /such phone|phone registered|phone of the extension/,
	'number to call': /number to call/,
	'make calls': /make calls/,
	report: /report|date range/i,
};

const KINDS: Record<number, RegExp> = {
	400: /does not accept/,
	403: /may not|not yours/,
	404: /no extension|no such phone|has ended|no Call Control/,
	409: /at the same time/,
	422: /cannot|could not|no audio/,
	424: /cannot|could not|Nobody took|no audio/,
	429: /too many requests/,
	500: /failed to handle/,
};

const CASES = OPERATIONS.flatMap((operation) =>
	Object.keys(KINDS).map((status) => ({ ...operation, status: Number(status) })),
);

test.each(CASES)('$name, $status: the advice is about it', async (each) => {
	const { parameters, path, status, words } = each;
	const filled = parameters();
	const headers = { 'retry-after': '0' };
	node.pbx.faults.next({ path, status, headers, times: 30 });
	const { error } = await node.run(filled);
	const text = `${error?.message} ${error?.description}`;
	expect(text).toMatch(KINDS[status]!);
	const strange = Object.entries(FOREIGN)
		.filter(([name, word]) => word.test(text) && !words.includes(name))
		.map(([name]) => name);
	expect({ text, strange }).toEqual({ text, strange: [] });
});

describe('what the simulated PBX refuses', () => {
	const refused = async (parameters: INodeParameters) => {
		const { error } = await node.run(parameters);
		return `${error?.message}. ${error?.description}`;
	};

	test('an extension that is not there is no matter of the licence', async () => {
		for (const [resource, operation] of [
			['extension', 'get'],
			['extension', 'getParticipants'],
		] as const)
			expect(await refused(at(operation, { extension: by('9999') }, resource))).toMatch(
				/^There is no extension 9999\. Choose one from the list(?!.*licence)/s,
			);
	});

	test('an extension that the API client may not see', async () => {
		node.pbx.clients[0]!.monitored = ['101'];
		expect(await refused(at('get', { extension: by('103') }, 'extension'))).toMatch(
			/^The API client may not see extension 103\. .*Integrations > API/s,
		);
	});

	test('a call that waits in a queue is transferred at an agent: the advice works', async () => {
		const callid = node.pbx.calls.incoming({ from: CALLER, to: '800' });
		const queue = node.pbx.calls.legsOf(callid).find((leg) => leg.dn === '800')!;
		const text = await refused(at('transfer', { ...legOf('800', queue.id), destination }));
		expect(text).toMatch(/^This call cannot be transferred now\. .*divert the side of an agent/s);
		expect(text).not.toMatch(/uaCSTA/);
		const agent = node.pbx.calls
			.legsOf(callid)
			.find(({ status, dn }) => status === 'Ringing' && dn !== '800')!;
		await node.one(at('divert', { ...legOf(String(agent.dn), agent.id), destination }));
		expect(node.pbx.calls.participants('101')).toHaveLength(1);
	});

	test('a destination that is not there', async () => {
		const leg = answered('103');
		const text = await refused(at('transfer', { ...legOf('103', leg.id), destination: by('9xy') }));
		expect(text).toMatch(/destination may not exist.*3CX says/s);
	});
});
