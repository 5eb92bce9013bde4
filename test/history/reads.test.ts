import { advance, beginAt } from '../../lib/history/cursor';
import {
	probe,
	readCalls,
	readMessages,
	readRecordings,
	type Read,
	type TimeSpan,
} from '../../lib/history/reads';
import { withPbx } from '../support/recordingPbx';

/** Which calls are over. Rows of a call come as its legs end, and the numbers of active calls are not always its own. */

const NOON = Date.parse('2026-11-02T12:00:00Z');
const MINUTE = 60_000;
const at = (minutes: number) => new Date(NOON + minutes * MINUTE).toISOString();

/** A call of one leg that rang at noon and lasted a minute. */
const row = {
	CallId: 5,
	MainCallHistoryId: 'A',
	CdrId: 'a',
	StartTime: at(0),
	TalkingDuration: 'PT60S',
	Answered: true,
};

/** What is told of the call by a poll at a minute past noon, while such calls are active. */
async function stateAt(minute: number, active: object[] | 'forbidden'): Promise<string> {
	const now = NOON + minute * MINUTE;
	const { result: found } = await withPbx(
		({ path }) => {
			if (!path.startsWith('/xapi/v1/ActiveCalls')) return [200, { value: [row] }];
			return active === 'forbidden' ? [403] : [200, { value: active }];
		},
		async (client) => await readCalls(client, { from: NOON - MINUTE, to: now }, now),
	);
	const { fresh } = advance(beginAt(NOON - MINUTE), found, { overlapMs: 60 * MINUTE, now });
	expect(found).toHaveLength(1);
	return fresh.length === 1 ? 'told' : 'held back';
}

test.each<[string, number, object[] | 'forbidden', string]>([
	['no call is active', 3, [], 'told'],
	['active calls may not be read', 3, 'forbidden', 'told'],
	['the call goes on', 3, [{ Id: 5, EstablishedAt: at(0.1) }], 'held back'],
	[
		'it was taken by the next one a moment later',
		3,
		[{ Id: 5, EstablishedAt: at(1.1) }],
		'held back',
	],
	[
		'it has waited nine minutes for the next one',
		15,
		[{ Id: 5, EstablishedAt: at(9) }],
		'held back',
	],
	['it goes on for an hour', 60, [{ Id: 5, EstablishedAt: at(0.1) }], 'held back'],
	['it waits in a queue', 3, [{ Id: 5, LastChangeStatus: at(1) }], 'held back'],
	['the PBX tells no times', 3, [{ Id: 5 }], 'held back'],
	['its number was given to a later call', 20, [{ Id: 5, EstablishedAt: at(19) }], 'told'],
	['the number is that of a call from before', 3, [{ Id: 5, EstablishedAt: at(-30) }], 'told'],
	['that one still waits', 3, [{ Id: 5, LastChangeStatus: at(-30) }], 'told'],
	[
		'it was established as early as clocks may differ',
		3,
		[{ Id: 5, EstablishedAt: at(-1) }],
		'held back',
	],
	['it was established before that', 3, [{ Id: 5, EstablishedAt: at(-1.01) }], 'told'],
	['it has waited ten minutes after that leg', 20, [{ Id: 5, EstablishedAt: at(11) }], 'held back'],
	['it was established later', 20, [{ Id: 5, EstablishedAt: at(11.01) }], 'told'],
	['it has changed last just before', 3, [{ Id: 5, LastChangeStatus: at(-1) }], 'held back'],
	['it has changed last long before', 3, [{ Id: 5, LastChangeStatus: at(-1.01) }], 'told'],
	['another call goes on', 3, [{ Id: 6, EstablishedAt: at(0.1) }], 'told'],
])('while %s, a call of noon is read at minute %d: %j', async (_, minute, active, expected) => {
	expect(await stateAt(minute, active)).toBe(expected);
});

/** What a read finds, and what the PBX was asked for it; a path that is not listed is answered with no rows. */
async function reading<T>(
	read: Read<T>,
	rows: Readonly<Record<string, object[]>>,
	period: Partial<TimeSpan> = {},
	now = NOON + 60 * MINUTE,
) {
	const { result, asked } = await withPbx(
		({ path }) => {
			const name = Object.keys(rows).find((each) => path.startsWith(`/xapi/v1/${each}`));
			return [200, { value: name === undefined ? [] : rows[name] }];
		},
		async (client) => await read(client, { from: NOON, to: NOON + MINUTE, ...period }, now),
	);
	return { found: result, asked: asked.at(-1)! };
}

const LOG = 'ReportCallLogData/Pbx.GetCallLogData(';

test.each<[string, Read<unknown>, string, string]>([
	[
		'recordings',
		readRecordings,
		`Recordings?$filter=StartTime ge ${at(0)} and StartTime lt ${at(1)}&`,
		'StartTime asc,Id asc',
	],
	[
		'messages',
		readMessages,
		`ChatMessagesHistoryView?$filter=TimeSent ge ${at(0)} and TimeSent lt ${at(1)}&`,
		'TimeSent asc,MessageId asc',
	],
	[
		'calls',
		readCalls,
		`${LOG}periodFrom=${at(0)},periodTo=${at(1)},`,
		'StartTime asc,SegmentId asc',
	],
])(
	'%s of a time are asked for, oldest first, or so many of the newest',
	async (_, read, begins, order) => {
		const all = (await reading(read, {})).asked;
		const newest = (await reading(read, {}, { newest: 3 })).asked;
		for (const { path, query } of [all, newest]) {
			expect(`${path}?${query}`.startsWith(`/xapi/v1/${begins}`)).toBe(true);
		}
		expect(all.query).toContain(`$orderby=${order}&`);
		expect(newest.query).toContain(`$orderby=${order.replaceAll('asc', 'desc')}&$top=3`);
	},
);

describe('calls', () => {
	const legs = [
		{ ...row, CdrId: 'b', CallId: 6, StartTime: at(2), RingingDuration: 'PT30S' },
		{ ...row, CdrId: 'a' },
	];

	test('are whole: as long as their legs, and known by their first', async () => {
		const { found } = await reading(readCalls, { [LOG]: legs });
		expect(found).toEqual([
			expect.objectContaining({ id: 'A', at: NOON, size: 2, state: 'complete' }),
		]);
	});

	test.each<[string, number, Partial<TimeSpan>, object[], string]>([
		['ended 15 s ago', 3.75, {}, [], 'complete'],
		['ended less than 15 s ago', 3.74, {}, [], 'unsure'],
		['ended long enough ago for who asks', 3.55, { settledMs: 3_000 }, [], 'complete'],
		['bears the number of an active one at one of its legs', 60, {}, [{ Id: 6 }], 'growing'],
		['bears that number as text', 60, {}, [{ Id: '6' }], 'growing'],
	])('one that %s at minute %d', async (_, minute, period, ActiveCalls, state) => {
		const rows = { [LOG]: legs, ActiveCalls };
		const { found } = await reading(readCalls, rows, period, NOON + minute * MINUTE);
		expect(found[0]).toMatchObject({ state });
	});

	test.each([
		[4, ['B', 'C']],
		[5, ['A', 'B', 'C']],
		[undefined, ['A', 'B', 'C']],
	])('of the newest %p rows, only those that are whole for sure', async (newest, ids) => {
		const rows = [
			{ ...row, MainCallHistoryId: 'C', CdrId: 'd', StartTime: at(4) },
			{ ...row, MainCallHistoryId: 'B', CdrId: 'c', StartTime: at(3) },
			...legs,
		];
		const { found } = await reading(readCalls, { [LOG]: rows }, { newest });
		expect(found.map(({ id }) => id).sort()).toEqual(ids);
	});
});

test('recordings are complete when their call has ended', async () => {
	const { found } = await reading(readRecordings, {
		Recordings: [
			{ Id: 1, StartTime: at(0), EndTime: at(1) },
			{ Id: 2, StartTime: at(0.5), EndTime: null },
			{ Id: 3 },
		],
	});
	expect(found).toMatchObject([
		{ id: '1', at: NOON, state: 'complete', value: { Id: 1 } },
		{ id: '2', at: NOON + 0.5 * MINUTE, state: 'growing' },
		{ id: '3', at: 0, state: 'growing' },
	]);
});

test('messages are known by their id and time', async () => {
	const { found } = await reading(readMessages, {
		ChatMessagesHistoryView: [{ MessageId: 9, TimeSent: at(0), Message: 'hello' }],
	});
	expect(found).toEqual([{ id: '9', at: NOON, value: expect.objectContaining({ MessageId: 9 }) }]);
});

describe('the probe', () => {
	const LATEST = { LastCdrStartedAt: at(0), LastChatMessageTimestamp: at(0) };

	const probed = async (latest: object[] | number, active: object[] | number) => {
		const { result, asked } = await withPbx(({ path }) => {
			const isOfCalls = path === '/xapi/v1/ActiveCalls';
			if (!isOfCalls && path !== '/xapi/v1/LastCdrAndChatMessageTimestamp') return undefined;
			const answer = isOfCalls ? active : latest;
			return typeof answer === 'number' ? [answer] : [200, { value: answer }];
		}, probe);
		// Cheap: one row of the one, three fields of the others.
		expect(asked.map(({ query }) => query).sort()).toEqual([
			expect.stringContaining('$select=Id,EstablishedAt,LastChangeStatus'),
			expect.stringMatching(/\$top=1(?!\d)/),
		]);
		return result;
	};

	test('is the same while nothing is new, in whatever order calls are named', async () => {
		const one = await probed([LATEST], [{ Id: 5 }, { Id: '12' }]);
		expect(one).toEqual(expect.any(String));
		expect(await probed([LATEST], [{ Id: 12 }, { Id: 5, LastChangeStatus: at(1) }])).toBe(one);
	});

	test.each<[string, object[], object[]]>([
		['a call is new', [{ ...LATEST, LastCdrStartedAt: at(1) }], [{ Id: 5 }]],
		['a message is new', [{ ...LATEST, LastChatMessageTimestamp: at(1) }], [{ Id: 5 }]],
		['a call goes on', [LATEST], [{ Id: 5 }, { Id: 6 }]],
		['a call has ended', [LATEST], []],
		['another call goes on', [LATEST], [{ Id: 6 }]],
	])('is another when %s', async (_, latest, active) => {
		expect(await probed(latest, active)).not.toBe(await probed([LATEST], [{ Id: 5 }]));
	});

	test.each<[string, object[] | number, object[] | number]>([
		['the latest times may not be read', 403, []],
		['active calls may not be read', [LATEST], 403],
		['there are no times', [], []],
	])('tells nothing when %s', async (_, latest, active) => {
		expect(await probed(latest, active)).toBeUndefined();
	});
});
