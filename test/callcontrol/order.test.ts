import fc from 'fast-check';
import { CallOrder, type Pending } from '../../lib/callcontrol/link/order';
import type { Change } from '../../lib/callcontrol/calls/tracker';
import { removed } from './samples';

/** An entry whose only fact names it. */
const named = (name: number): Change[] => [removed('x', name)];
const nameOf = (change: Change) => ('id' in change ? change.id : undefined);

function line() {
	const applied: unknown[] = [];
	const order = new CallOrder((changes) => applied.push(...changes.map(nameOf)));
	const add = (entity: string, callid: number | undefined, changes?: Change[]) => {
		const pending: Pending & { call?: number } = { entity, callid: () => pending.call, changes };
		pending.call = callid;
		order.add(pending);
		order.drain();
		return (name: number | undefined, call = callid) => {
			pending.call = call;
			pending.changes = name === undefined ? [] : named(name);
			order.drain();
		};
	};
	return { order, add, applied };
}

describe('facts in line', () => {
	test('a Remove waits for the GET of another leg of its call', () => {
		const { add, applied } = line();
		const reply = add('200/2', 7);
		add('100/1', 7, named(1));
		expect(applied).toEqual([]);
		reply(2);
		expect(applied).toEqual([2, 1]);
	});

	test('other calls do not wait', () => {
		const { add, applied } = line();
		add('200/2', 7);
		add('100/1', 8, named(1));
		expect(applied).toEqual([1]);
	});

	test('all wait for a leg whose call is not known yet, until it is', () => {
		const { add, applied } = line();
		const reply = add('200/2', undefined);
		add('100/1', 8, named(1));
		add('101/3', 7, named(3));
		expect(applied).toEqual([]);
		reply(2, 7);
		expect(applied).toEqual([2, 1, 3]);
	});

	test('who keeps others waiting too long loses the place for all but its own leg', () => {
		const { order, applied } = line();
		const slow: Pending = { entity: '200/2', callid: () => undefined };
		order.add(slow);
		order.add({ entity: '100/1', callid: () => 7, changes: named(1) });
		order.add({ entity: '200/2', callid: () => undefined, changes: named(9) });
		slow.overdue = true;
		order.drain();
		expect(applied).toEqual([1]);
		slow.changes = named(2);
		order.drain();
		expect(applied).toEqual([1, 2, 9]);
	});

	test('replies in any order: facts of a call come in the order of their messages', () => {
		const entries = fc.array(fc.record({ call: fc.nat(3), known: fc.boolean() }), {
			maxLength: 30,
		});
		fc.assert(
			fc.property(entries, fc.infiniteStream(fc.nat()), (list, picks) => {
				const { order, add, applied } = line();
				const replies = list.map(({ call, known }, n) => {
					const reply = add(`e${n}`, known ? call : undefined);
					return () => reply(n, call);
				});
				while (replies.length > 0) replies.splice(picks.next().value! % replies.length, 1)[0]!();
				expect(order.size).toBe(0);
				for (const call of [0, 1, 2, 3]) {
					const expected = list.flatMap((entry, n) => (entry.call === call ? [n] : []));
					expect(applied.filter((n) => list[n as number]!.call === call)).toEqual(expected);
				}
			}),
		);
	});
});
