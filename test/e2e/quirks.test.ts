import { startPbx, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import type { Execution, Workflow } from '../../sandbox/playground/api';
import { Collector } from '../callcontrol/collector';
import { APP, by, CALLER, legOf, until } from '../callcontrolnode/node';
import type { TestServer } from '../support/httpServer';
import { chain, CREDENTIAL_TYPE, openN8n, startReceiver, telling, type TestedN8n } from './support';

/**
 * PBXs that are not like the sandbox, and proxies before them, in a real n8n: a PBX with one quirk for each row of
 * docs/protocol.md 3.6, a published workflow that listens to it, or one that acts on it, and what n8n's executions show.
 */

type Fields = Record<string, unknown>;

/** An item of the trigger. */
interface Told extends Fields {
	event: string;
	callId: number | null;
	extension: string | null;
	recovered: boolean;
	keys: string | null;
}

let n8n: TestedN8n;
let receiver: TestServer;
/** What the workflows have sent on, by the path of each. */
const heard = new Map<string, Collector<Told>>();

beforeAll(async () => {
	receiver = await startReceiver<Told>((each, path) => heard.get(path)?.push(each));
	n8n = await openN8n();
	for (const row of SLOW) {
		const playing = playRow(row);
		// Its test tells of it.
		playing.catch(() => undefined);
		begun.set(row, playing);
	}
}, 330_000);

afterAll(async () => {
	await Promise.allSettled(begun.values());
	await n8n?.close();
	await receiver?.close();
}, 120_000);

let pbxs = 0;

/** A PBX whose phones ring until the test says otherwise, and a credential for it. */
async function stage(options: PbxOptions, more: Fields = {}) {
	const pbx = await startPbx({
		seedCallLogRows: 0,
		...options,
		calls: { ringTimeoutMs: 600_000, ...options.calls },
	});
	const { clientId, clientSecret } = pbx.defaultClient;
	const fields = { pbxUrl: pbx.url, clientId, clientSecret, ...more };
	const name = `PBX ${(pbxs += 1)}`;
	const save = async (changes: Fields = {}, as = name) =>
		await n8n.api.saveCredential(as, CREDENTIAL_TYPE, { ...fields, ...changes });
	return { pbx, name, fields, save, credential: await save() };
}

type Stage = Awaited<ReturnType<typeof stage>>;

/** Runs a workflow of one node to its end. */
async function execute(
	{ name, credential }: Pick<Stage, 'name' | 'credential'>,
	parameters: Fields,
	type = 'n8n-nodes-threecx.threeCx',
): Promise<Execution> {
	const steps = [{ name: '3CX', type, parameters }];
	const { id } = await n8n.api.saveWorkflow(chain(`Acts on ${name}`, credential, steps));
	return await n8n.api.run(id, 'Go');
}

/** The items that it gave out; fails where n8n says that it failed. */
const itemsOf = (execution: Execution) => {
	const { status, error } = execution;
	expect({ status, error }).toEqual({ status: 'success', error: undefined });
	return execution.items('3CX');
};

const DEPARTMENTS = { resource: 'department', operation: 'getAll' };

/** Sockets that the PBX has let in. */
const sockets = ({ requests }: Pbx) => requests.filter(({ status }) => status === 101).length;

/** A published workflow that listens, and the people at the phones. */
class Listening {
	readonly told = new Collector<Told>();
	private workflow!: Workflow;

	constructor(private readonly at: Stage) {}

	async publish(events: string[]): Promise<void> {
		const { name, credential } = this.at;
		const path = `/${name.replace(' ', '-')}`;
		heard.set(path, this.told);
		this.workflow = await n8n.api.saveWorkflow(
			telling(`Listens to ${name}`, {
				trigger: {
					name: 'Call',
					type: 'n8n-nodes-threecx.threeCxTrigger',
					parameters: { events },
					credentials: { [CREDENTIAL_TYPE]: credential },
				},
				origin: receiver.origin + path,
			}),
		);
		await n8n.api.publish(this.workflow);
	}

	/** Waits until an event of a call has run through the workflow. */
	async event(event: string, callid: number, extension = '100', ms = 20_000): Promise<Told> {
		return await this.told.first(
			(each) => each.event === event && each.callId === callid && each.extension === extension,
			`${event} of call ${callid}; n8n says:\n${n8n.logTail()}`,
			0,
			ms,
		);
	}

	/** Calls 100, which answers and hangs up. */
	async wholeCall(ringingMs?: number): Promise<number> {
		const { calls } = this.at.pbx;
		const callid = calls.incoming({ from: CALLER, to: '100' });
		await this.event('callRinging', callid, '100', ringingMs);
		calls.answer({ callid });
		await this.event('callAnswered', callid);
		calls.hangUp({ callid });
		await this.event('callEnded', callid);
		return callid;
	}

	/** Calls the route point, where somebody presses keys. */
	async keys(keys: string): Promise<void> {
		const { calls } = this.at.pbx;
		const callid = calls.incoming({ from: CALLER, to: APP });
		await this.event('callAnswered', callid, APP);
		for (const key of keys) calls.pressKey({ callid, key });
		calls.hangUp({ callid });
		await this.event('callEnded', callid, APP);
	}

	/** All that n8n's executions show, in the order in which they began; each has succeeded. */
	async executed(): Promise<Told[]> {
		const { id } = this.workflow;
		const seen = new Set<string>();
		await n8n.api.endedExecutions(id, this.told.items.length, seen);
		const summaries = await n8n.api.executions(id);
		expect(summaries.map(({ status }) => status)).toEqual(summaries.map(() => 'success'));
		const all = summaries.sort((a, b) => Number(a.id) - Number(b.id));
		const items: Told[] = [];
		for (const each of all)
			items.push(...((await n8n.api.execution(each.id)).items('Call') as Told[]));
		return items;
	}

	async close(): Promise<void> {
		await n8n.api.unpublish(this.workflow.id).catch(() => undefined);
	}
}

/** What was told of each call, in order. */
function ofCalls(told: Told[]): Record<string, string[]> {
	const calls: Record<string, string[]> = {};
	for (const { event, callId, extension } of told)
		if (callId !== null) (calls[callId] ??= []).push(`${event} ${extension}`);
	return calls;
}

const WHOLE = ['callRinging 100', 'callAnswered 100', 'callEnded 100'];

/** What everybody listens to, unless a row says otherwise. */
const EVENTS = ['callRinging', 'callAnswered', 'callEnded', 'keyPressed'];

interface Row {
	row: string;
	options?: PbxOptions;
	/** More of the credential. */
	credential?: Fields;
	/** Before the workflow is published. */
	prepare?: (at: Stage) => Promise<unknown> | void;
	/** The people at the phones; default: one whole call. */
	play?: (listening: Listening, at: Stage) => Promise<unknown>;
	/** What else must be so, with what was told. */
	check?: (told: Told[], at: Stage) => unknown;
	/** How each call must have been told; default: rang, was answered, and ended, once each. */
	calls?: string[][];
}

/** A call to 100, and keys at the route point. */
const callAndKeys: Row['play'] = async (listening) => {
	await listening.wholeCall();
	await listening.keys('5551123#');
};
const keysToo: Pick<Row, 'play' | 'check' | 'calls'> = {
	play: callAndKeys,
	check: (told) =>
		expect(told.flatMap(({ keys }) => keys ?? [])).toEqual([
			'5',
			'5',
			'5',
			'1',
			'1',
			'2',
			'3',
			'#',
		]),
	calls: [
		WHOLE,
		[
			`callAnswered ${APP}`,
			...Array.from('5551123#', () => `keyPressed ${APP}`),
			`callEnded ${APP}`,
		],
	],
};

const minted = ({ pbx }: Stage) => pbx.mints[APP];

/** Rows in which n8n has to wait for something for long: they are played beside the others, from the start. */
const SLOW: Row[] = [
	{
		row: 'an older token, whose socket stays open and says nothing',
		options: { quirks: { replacedSocket: 'silent' } },
		play: async (listening, { pbx }) => {
			await listening.wholeCall();
			pbx.otherLogin();
			// Nothing shows it but the next reading of the state, which is due within a minute, and tells meanwhile.
			await listening.wholeCall(75_000);
			await until(
				() => sockets(pbx) === 2 && pbx.sockets === 1,
				'a socket with the new token',
				20_000,
			);
			await listening.wholeCall();
		},
		check: (told) => expect(told.at(-1)).toMatchObject({ recovered: false }),
		calls: [WHOLE, WHOLE, WHOLE],
	},
	{
		row: 'a token that n8n renews itself, while the older socket falls silent',
		options: { quirks: { replacedSocket: 'silent' }, tokenLifetimeSeconds: 16 },
		play: async (listening, { pbx }) => {
			while (sockets(pbx) < 3) await listening.wholeCall();
		},
		check: (_, at) => expect(minted(at)).toBeLessThanOrEqual(sockets(at.pbx) + 1),
	},
	{
		row: 'another program that logs in with the client ID all the time',
		options: { quirks: { otherLoginEveryMs: 5_100 } },
		play: async (listening, at) => {
			// Ours and theirs.
			while (minted(at)! < 8) await listening.wholeCall();
		},
		check: () =>
			expect(n8n.logTail().match(/another program seems to use the same client ID/g)).toHaveLength(
				1,
			),
	},
	{
		row: 'pings that get no answer',
		options: { quirks: { ignoresPings: true } },
		play: async (listening, { pbx }) => {
			const readings = () => pbx.requests.filter(({ path }) => path === '/callcontrol').length;
			await listening.wholeCall();
			const first = readings();
			// Each ping without an answer has the state read.
			await until(() => readings() >= first + 3, 'three readings', 60_000);
			await listening.wholeCall();
		},
		check: (_, { pbx }) => expect(sockets(pbx)).toBe(1),
		calls: [WHOLE, WHOLE],
	},
];

const ROWS: Row[] = [
	{ row: 'nothing out of the ordinary', ...keysToo },
	{ row: 'binary messages', options: { quirks: { binaryFrames: true } }, ...keysToo },
	{
		row: 'legs and messages in Pascal case',
		options: { quirks: { pascalCase: true } },
		...keysToo,
	},
	{
		row: 'a sequence that is always the same',
		options: { quirks: { sequence: 'constant' } },
		...keysToo,
	},
	{ row: 'a sequence that begins anew', options: { quirks: { sequence: 'restarts' } }, ...keysToo },
	{ row: 'answers that are always compressed', options: { quirks: { gzip: true } } },
	{
		row: '403 for each single leg',
		prepare: ({ pbx }) =>
			pbx.faults.next({ path: /\/participants\/\d+$/, status: 403, times: Infinity }),
	},
	{
		row: 'an upgrade with a dead token that is let in',
		options: { quirks: { acceptsDeadTokens: true, replacedSocket: 'silent' } },
		prepare: async (at) => {
			// n8n stores a token, and somebody else ends it.
			itemsOf(await execute(at, DEPARTMENTS));
			at.pbx.otherLogin();
		},
	},
	{
		row: 'a clock that is two hours off, and tokens of a minute without iat',
		options: {
			quirks: { clockOffsetMs: -7_200_000, withoutIat: true },
			tokenLifetimeSeconds: 60,
		},
		play: async (listening) => {
			await listening.wholeCall();
			await listening.wholeCall();
		},
		check: (_, at) => expect(minted(at)).toBe(1),
		calls: [WHOLE, WHOLE],
	},
	{
		row: 'two credentials with the same client and secret, one of them for actions',
		play: async (listening, at) => {
			const credential = await at.save({}, `${at.name} again`);
			for (let action = 0; action < 4; action += 1) {
				const call = listening.wholeCall();
				itemsOf(await execute({ name: at.name, credential }, DEPARTMENTS));
				await call;
			}
		},
		check: (_, at) => {
			expect(minted(at)).toBe(1);
			expect(sockets(at.pbx)).toBe(1);
		},
		calls: [WHOLE, WHOLE, WHOLE, WHOLE],
	},
	{
		row: 'a key that is regenerated, and a credential that is mended later',
		play: async (listening, at) => {
			const { pbx } = at;
			await listening.wholeCall();
			pbx.defaultClient.clientSecret = 'regenerated';
			await pbx.restart();
			await until(() => pbx.failedLogins > 0, 'the PBX to refuse the old key', 20_000);
			await at.save({ clientSecret: 'regenerated' });
			itemsOf(await execute(at, DEPARTMENTS));
			await listening.wholeCall(5_000);
		},
		check: (_, { pbx }) => expect(pbx.failedLogins).toBe(1),
		calls: [WHOLE, WHOLE],
	},
	{
		row: 'a certificate that changes',
		options: { tls: true },
		credential: { ignoreSSLIssues: true },
		play: async (listening, { pbx }) => {
			await listening.wholeCall();
			await pbx.changeCertificate();
			await listening.wholeCall();
		},
		calls: [WHOLE, WHOLE],
	},
	{
		row: 'a link that is down while the call goes on from 100 to 101',
		play: async (listening, { pbx }) => {
			const { calls } = pbx;
			const callid = calls.incoming({ from: CALLER, to: '100' });
			await listening.event('callRinging', callid);
			await pbx.down();
			const [{ id: participant } = { id: 0 }] = calls.participants('100');
			calls.divert({ dn: '100', participant, to: '101' });
			calls.answer({ callid, dn: '101' });
			await pbx.up();
			await listening.event('callAnswered', callid, '101', 30_000);
			calls.hangUp({ callid });
			await listening.event('callEnded', callid, '101');
		},
		calls: [['callRinging 100', 'callAnswered 101', 'callEnded 101']],
	},
	{
		row: 'paging: 100 rings, and 101 answers by itself',
		play: async (listening, { pbx }) => {
			const { calls } = pbx;
			const callid = calls.incoming({ from: CALLER, to: '100' });
			await listening.event('callRinging', callid);
			const [{ id: participant } = { id: 0 }] = calls.participants('100');
			calls.routeTo({ dn: '100', participant, to: '101' });
			calls.answer({ callid, dn: '101' });
			await listening.event('callAnswered', callid, '101');
			calls.hangUp({ callid });
			await listening.event('callEnded', callid, '101');
		},
		calls: [['callRinging 100', 'callAnswered 101', 'callEnded 101']],
	},
	{
		row: 'a leg that is first seen when it is connected',
		play: async (listening, { pbx }) => {
			const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
			pbx.calls.answer({ callid });
			await listening.event('callAnswered', callid);
			pbx.calls.hangUp({ callid });
			await listening.event('callEnded', callid);
		},
	},
];

const begun = new Map<Row, Promise<void>>();

async function playRow({
	options = {},
	credential,
	prepare,
	play = async (listening) => await listening.wholeCall(),
	check,
	calls,
}: Row): Promise<void> {
	const at = await stage(options, credential);
	const listening = new Listening(at);
	try {
		await prepare?.(at);
		await listening.publish(EVENTS);
		await play(listening, at);
		const told = await listening.executed();
		const each = Object.values(ofCalls(told));
		expect(each).toEqual(calls ?? each.map(() => WHOLE));
		expect(each.length).toBeGreaterThan(0);
		await check?.(told, at);
	} finally {
		await listening.close();
		await at.pbx.close();
	}
}

describe('the 3CX Trigger at a PBX with', () => {
	test.each(ROWS)('$row', async (row) => await playRow(row), 90_000);
	test.each(SLOW)('$row', async (row) => await begun.get(row), 150_000);
});

interface ActionRow {
	row: string;
	options?: PbxOptions;
	prepare?: (pbx: Pbx) => unknown;
	parameters: Fields;
	/** How many items come out, or what they look like. */
	items?: number | object[];
	/** What the execution ends with instead. */
	error?: RegExp;
	check?: (pbx: Pbx) => unknown;
}

const contacts = (count: number) => (pbx: Pbx) => {
	for (let made = pbx.store.rows('Contacts').length; made < count; made += 1)
		pbx.store.insert('Contacts', { Id: 10_000 + made, FirstName: `C${made}`, PhoneNumber: '1' });
};
const contactsOf = (more: Fields) => ({ resource: 'contact', operation: 'getAll', ...more });
const ALL = contactsOf({ returnAll: true });
const FIFTY = contactsOf({ returnAll: false, limit: 50 });
const PAGES: Array<[string, PbxOptions]> = [
	['no count', { quirks: { noCount: true } }],
	['next links, and no count', { quirks: { noCount: true }, nextLink: true, pageSize: 20 }],
	['pages of 20', { quirks: { cap: 20 } }],
];

const ACTIONS: ActionRow[] = [
	...PAGES.flatMap(([row, options]): ActionRow[] => [
		{ row: `${row}: 250 rows`, options, prepare: contacts(250), parameters: ALL, items: 250 },
		{ row: `${row}: up to a limit`, options, prepare: contacts(250), parameters: FIFTY, items: 50 },
	]),
	{
		row: '$expand passed over: the agents of a queue stay',
		options: { quirks: { ignoresExpand: true } },
		parameters: {
			resource: 'queue',
			operation: 'addAgent',
			queue: by('800', 'Number'),
			extensions: ['101'],
		},
		error: /left out "Agents"/,
		check: ({ store }) =>
			expect(store.find('Queues', 'Number', '800')).toMatchObject({
				Agents: ['103', '104', '105', '106'].map((Number) => ({ Number })),
			}),
	},
	{
		row: '$expand passed over: the departments of a user stay',
		options: { quirks: { ignoresExpand: true } },
		parameters: {
			resource: 'user',
			operation: 'addToDepartment',
			user: by('100', 'Number'),
			groupId: 1,
			role: 'users',
		},
		error: /left out "Groups"/,
		check: ({ store }) => expect(store.find('Users', 'Number', '100')!.Groups).toHaveLength(1),
	},
	{
		row: 'no alternate keys',
		options: { quirks: { noAlternateKeys: true } },
		parameters: { resource: 'user', operation: 'get', user: by('100', 'Number') },
		items: [{ Number: '100' }],
	},
	...(['noValue', 'noContent'] as const).map(
		(emptyList): ActionRow => ({
			row: `an empty list that comes as ${emptyList}`,
			options: { seed: 'empty', quirks: { emptyList } },
			parameters: ALL,
			items: 0,
		}),
	),
	{
		row: 'a body that is refused where there is none',
		options: { quirks: { refusesNeedlessBody: true } },
		parameters: { resource: 'user', operation: 'sendWelcomeEmail', user: by('100', 'Number') },
		items: [{ sent: true }],
	},
	{
		row: 'answers that are always compressed',
		options: { quirks: { gzip: true } },
		parameters: { resource: 'queue', operation: 'getAll', returnAll: true },
		items: 3,
	},
	{
		row: 'a row of Sort without a field',
		parameters: {
			resource: 'queue',
			operation: 'getAll',
			returnAll: true,
			options: { sort: { by: [{ field: '' }, { field: 'Number', direction: 'desc' }] } },
		},
		items: ['802', '801', '800'].map((Number) => ({ Number })),
	},
];

describe('the 3CX node at a PBX with', () => {
	test.each(ACTIONS)('$row', async ({ options = {}, prepare, parameters, items, error, check }) => {
		const at = await stage(options);
		try {
			prepare?.(at.pbx);
			const execution = await execute(at, parameters);
			if (error) {
				expect(execution.status).toBe('error');
				expect(execution.error).toMatch(error);
			} else {
				const found = itemsOf(execution);
				if (typeof items === 'number') expect(found).toHaveLength(items);
				else expect(found).toMatchObject(items!);
			}
			check?.(at.pbx);
		} finally {
			await at.pbx.close();
		}
	});

	test('a base path in the Server URL is refused where it is typed, and by the node', async () => {
		const at = await stage({});
		try {
			const fields = { ...at.fields, pbxUrl: `${at.pbx.url}/pbx` };
			const { id } = at.credential;
			const said = /path.*3CX|3CX.*path/s;
			// As the editor does: n8n 2.30 tests what is saved.
			await at.save(fields);
			expect(await n8n.api.testCredential(id, at.name, CREDENTIAL_TYPE, fields)).toMatchObject({
				status: 'Error',
				message: expect.stringMatching(said) as string,
			});
			const { status, error } = await execute(at, DEPARTMENTS);
			expect({ status, error }).toEqual({
				status: 'error',
				error: expect.stringMatching(said) as string,
			});
		} finally {
			await at.pbx.close();
		}
	});
});

/** `routeto` and `transferto` answer when it is known how they went: 424, or 200 with a failed final status (protocol 2.5). */
describe.each([424, 200] as const)(
	'a PBX that answers %d when nobody takes a call',
	(failedRouteStatus) => {
		const SENT = [
			['transfer', '100'],
			['routeTo', APP],
		] as const;

		let at: Stage;
		beforeAll(async () => {
			at = await stage({ calls: { failedRouteStatus, externalAnswerAfterMs: 50 } });
			const { store } = at.pbx;
			// Nobody is reached at 109, which has no phone on.
			const row = store.find('Users', 'Number', '109')!;
			store.update('Users', row, { ForwardingProfiles: [] });
		});
		afterAll(async () => await at?.pbx.close());
		afterEach(() => {
			for (const { id: callid } of at.pbx.calls.calls()) at.pbx.calls.hangUp({ callid });
		});

		/** Whether the PBX owes n8n an answer. */
		const isPending = () =>
			at.pbx.requests.some(
				({ path, status }) => /\/(?:transferto|routeto)$/.test(path) && status === 0,
			);

		/** A call at the place from where it is sent on, and a workflow that does so. */
		async function begin(operation: string, dn: string, more: Fields) {
			const { calls } = at.pbx;
			const callid = calls.incoming({ from: CALLER, to: dn });
			if (dn !== APP) calls.answer({ callid, dn });
			const { id: leg } = calls.participants(dn).find((each) => each.callid === callid)!;
			const parameters = {
				resource: 'call',
				operation,
				...legOf(dn, leg),
				destination: '101',
				...more,
			};
			const type = 'n8n-nodes-threecx.threeCxCallControl';
			const { id } = await n8n.api.saveWorkflow(
				chain(`Sends on ${at.name}`, at.credential, [{ name: '3CX', type, parameters }]),
			);
			const execution = await n8n.api.startRun(id, 'Go');
			const end = async () => itemsOf(await n8n.api.finished(execution));
			return { callid, execution, end };
		}

		const rings = async () =>
			await until(() => at.pbx.calls.participants('101').length > 0, '101 to ring', 20_000);
		const stays = (dn: string) =>
			expect(at.pbx.calls.participants(dn)).toMatchObject([{ status: 'Connected' }]);

		test.each(SENT)(
			'%s: Do Not Wait ends while it rings, and it goes on',
			async (operation, dn) => {
				const { callid, end } = await begin(operation, dn, {});
				expect(await end()).toMatchObject([{ success: true, destination: '101' }]);
				expect(isPending()).toBe(true);
				await rings();
				at.pbx.calls.answer({ callid, dn: '101' });
				stays('101');
			},
		);

		test.each(SENT)(
			'%s: Answered, while the answer of the PBX is pending',
			async (operation, dn) => {
				const { callid, end } = await begin(operation, dn, { waitUntil: 'answered' });
				await rings();
				expect(isPending()).toBe(true);
				at.pbx.calls.answer({ callid, dn: '101' });
				expect(await end()).toMatchObject([{ outcome: 'answered', answeredBy: '101' }]);
			},
		);

		test.each(SENT)('%s: at most a second is a second', async (operation, dn) => {
			const { end } = await begin(operation, dn, { waitUntil: 'answered', timeLimit: 1 });
			expect(await end()).toMatchObject([{ outcome: 'timeout', reached: false }]);
			expect(isPending()).toBe(true);
		});

		test.each(SENT)('%s: nobody answers, and the leg stays', async (operation, dn) => {
			const { callid, end } = await begin(operation, dn, { waitUntil: 'answered' });
			await rings();
			at.pbx.calls.timeoutRinging({ callid });
			expect(await end()).toMatchObject([{ success: false, outcome: 'returned', reached: false }]);
			stays(dn);
		});

		test.each([
			['busy', '+447700900901'],
			['unavailable', '109'],
		])('%s', async (outcome, destination) => {
			const { end } = await begin('transfer', '100', { waitUntil: 'answered', destination });
			expect(await end()).toMatchObject([{ success: false, outcome, reached: false }]);
			stays('100');
		});

		test('Stop ends the wait within a second, and the call goes on', async () => {
			const { execution } = await begin('transfer', '100', {
				waitUntil: 'answered',
				timeLimit: 60,
			});
			await rings();
			const stoppedAt = performance.now();
			await n8n.api.stop(execution);
			const { status } = await n8n.api.finished(execution);
			expect(performance.now() - stoppedAt).toBeLessThan(1_000);
			expect(status).toBe('canceled');
			expect(at.pbx.calls.participants('101')).toMatchObject([{ status: 'Ringing' }]);
		});
	},
);
