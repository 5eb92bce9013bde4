import { getEventListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { CallOrder } from '../../lib/callcontrol/link/order';
import { LegReads } from '../../lib/callcontrol/link/reads';
import type { Change } from '../../lib/callcontrol/calls/tracker';
import { Collector } from './collector';
import { removed, upsert } from './samples';

/** So long others wait for a read, in ms. */
const PATIENCE_MS = 20;

interface Read {
	id: number;
	answer: (changes: Change[]) => void;
}

const endings: AbortController[] = [];

afterEach(() => {
	for (const ending of endings.splice(0)) ending.abort();
});

function setUp(calls: Record<number, number> = {}, patienceMs = 60_000) {
	const applied = new Collector<string>();
	const begun = new Collector<Read>();
	const ending = new AbortController();
	endings.push(ending);
	const order = new CallOrder((changes) =>
		applied.pushAll(
			changes.map((change) =>
				change.kind === 'upsert'
					? `${change.participant.id} ${change.participant.status}`
					: `${'id' in change ? change.id : ''} ${change.kind}`,
			),
		),
	);
	const reads = new LegReads({
		order,
		read: async (_dn, id) => {
			return await new Promise((answer) => begun.push({ id, answer }));
		},
		callOf: (_dn, id) => calls[id],
		patienceMs,
		signal: ending.signal,
	});
	const request = (...ids: number[]) => ids.forEach((id) => reads.request('100', id));
	/** The latest read of a leg is answered; what follows from that has been done. */
	const answer = async (id: number, ...changes: Change[]) => {
		begun.items.findLast((read) => read.id === id)!.answer(changes);
		await pause(0);
	};
	const fact = (id: number, callid: number | undefined) => {
		order.add({ entity: `100/${id}`, callid: () => callid, changes: [removed('100', id)] });
		order.drain();
	};
	const ids = () => begun.items.map(({ id }) => id);
	return { applied, ending, order, reads, request, answer, fact, ids };
}

const talks = (id: number, callid = 7) => upsert({ id, callid, status: 'Connected' });

test('six legs are read at a time; the next when one of them has been', async () => {
	const { reads, request, answer, ids } = setUp();
	request(1, 2, 3, 4, 5, 6, 7, 8);
	expect([ids(), reads.size]).toEqual([[1, 2, 3, 4, 5, 6], 2]);
	await answer(4, talks(4));
	expect([ids(), reads.size]).toEqual([[1, 2, 3, 4, 5, 6, 7], 1]);
});

test('a leg that changes all the time is read again once, after the read that is under way', async () => {
	const { applied, order, reads, request, answer, ids } = setUp();
	request(1, 1, 1, 1, 2);
	expect([ids(), reads.size, order.size]).toEqual([[1, 2], 1, 3]);
	await answer(1, upsert());
	expect(ids()).toEqual([1, 2, 1]);
	await answer(1, talks(1));
	await answer(2, talks(2, 8));
	expect(applied.items).toEqual(['1 Ringing', '1 Connected', '2 Connected']);
	expect(order.size).toBe(0);
});

test('a leg whose id is in use again after its Remove is another one: it comes after it', async () => {
	const { applied, order, request, answer, fact, ids } = setUp({ 1: 7 });
	request(1, 1);
	fact(1, 7);
	request(1);
	await answer(1, upsert());
	await answer(1, talks(1));
	expect(ids()).toEqual([1, 1]);
	expect(applied.items).toEqual(['1 Ringing', '1 remove', '1 Connected']);
	expect(order.size).toBe(0);
});

test('what the whole state shows need not be read, unless that has begun', async () => {
	const { applied, order, reads, request, answer, ids } = setUp();
	request(1, 2, 3, 4, 5, 6, 7, 1);
	const [seven, again] = reads.waitingNow();
	expect([seven!.id, again!.id]).toEqual([7, 1]);
	reads.answer(seven!, [talks(7)]);
	// An earlier read of this leg is under way, which may be the newer one.
	reads.answer(again!, [talks(1)]);
	expect([reads.size, again!.changes]).toEqual([1, undefined]);
	for (const id of [1, 2, 3, 4, 5, 6]) await answer(id);
	expect(ids()).toEqual([1, 2, 3, 4, 5, 6, 1]);
	expect(applied.items).toEqual(['7 Connected']);
	// Too late: it has begun, and has been read.
	reads.answer(again!, [talks(1)]);
	await answer(1);
	expect([applied.items, order.size]).toEqual([['7 Connected'], 0]);
});

test('a leg of which two changes wait is shown by the state once', async () => {
	const { reads, request, fact, answer, applied } = setUp({ 7: 7 });
	request(1, 2, 3, 4, 5, 6, 7);
	const [first] = reads.waitingNow();
	fact(7, 7);
	request(7);
	reads.answer(first!, [upsert({ id: 7 })]);
	expect(reads.size).toBe(1);
	for (const id of [1, 2, 3, 4, 5, 6]) await answer(id);
	await answer(7, talks(7));
	expect(applied.items).toEqual(['7 remove', '7 Connected']);
});

test('a fact waits for what is read of its own call, and passes what belongs to another', async () => {
	const { applied, request, answer, fact } = setUp({ 1: 7 });
	request(1, 2);
	// It is of the first call, as its read has shown.
	await answer(2, talks(2, 7));
	fact(3, 8);
	fact(4, 7);
	expect(applied.items).toEqual(['3 remove']);
	await answer(1, upsert());
	expect(applied.items).toEqual(['3 remove', '1 Ringing', '2 Connected', '4 remove']);
});

test('the events of other calls wait for a slow read only so long', async () => {
	const { applied, request, answer, fact } = setUp({ 1: 7 }, PATIENCE_MS);
	request(1);
	fact(2, 7);
	await applied.first((each) => each === '2 remove', 'the fact that waited');
	await answer(1, talks(1));
	expect(applied.items).toEqual(['2 remove', '1 Connected']);
});

test('when it is ended nothing is applied any more, however long it takes', async () => {
	const { applied, ending, request, answer, fact, ids } = setUp({ 1: 7 }, PATIENCE_MS);
	request(1, 1);
	fact(2, 7);
	ending.abort();
	await pause(PATIENCE_MS + 1);
	await answer(1, talks(1));
	expect([applied.items, ids()]).toEqual([[], [1]]);
});

test('a read leaves no listener behind, and no timer that would keep a process', async () => {
	const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
	const { ending, request, answer } = setUp();
	const before = timers();
	request(1, 2);
	expect([timers(), getEventListeners(ending.signal, 'abort').length]).toEqual([before + 2, 2]);
	await answer(1, talks(1));
	await answer(2);
	expect([timers(), getEventListeners(ending.signal, 'abort').length]).toEqual([before, 0]);
});
