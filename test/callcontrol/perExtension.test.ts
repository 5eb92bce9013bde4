import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { perExtension } from '../../lib/callcontrol/calls/perExtension';
import { CallTracker, type CallEvent } from '../../lib/callcontrol/calls/tracker';
import { isCall, removed, short, upsert } from './samples';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** The events of one call that rings 100 and 101, is answered by 100 and is over. */
function eventsOf(tracker: CallTracker, callid: number): CallEvent[] {
	const facts = [
		upsert({ callid, id: 1 }),
		upsert({ callid, id: 2, dn: '101', legid: 3 }),
		upsert({ callid, id: 1, status: 'Connected' }),
		removed('101', 2),
		removed('100', 1),
	];
	return [...facts.flatMap((fact) => tracker.apply(fact)), ...tracker.settle()].filter(isCall);
}

test('a call that is over leaves nothing, also where the filter has left out its end', () => {
	let now = 0;
	const tracker = new CallTracker(() => (now += 10_000));
	// Whoever wants the ringing only, or the caller of whom is known at the begin only, sees no end.
	const view = perExtension(({ type }) => type === 'ringing');
	const legs: Array<WeakRef<object>> = [];
	for (let callid = 1; callid <= 50; callid++) {
		for (const event of eventsOf(tracker, callid)) {
			const told = view(event);
			expect(told.map(({ type }) => type)).toEqual(event.type === 'ringing' ? ['ringing'] : []);
			legs.push(...told.map(({ leg }) => new WeakRef(leg)));
		}
	}
	expect(legs).toHaveLength(100);
	return new Promise<void>((done) =>
		// Targets of weak references live until the end of the turn in which they were made.
		setImmediate(() => {
			collectGarbage();
			const kept = legs.filter((each) => each.deref() !== undefined).length;
			expect(kept).toBeLessThan(5);
			expect(view).toBeDefined();
			done();
		}),
	);
});

test('what one call has told does not silence the next with the same number', () => {
	let now = 0;
	const tracker = new CallTracker(() => (now += 10_000));
	const view = perExtension(({ type }) => type === 'ringing' || type === 'answered');
	const told = [...eventsOf(tracker, 7), ...eventsOf(tracker, 7)].flatMap(view).map(short);
	expect(told).toEqual([
		...['100 ringing', '101 ringing', '100 answered'],
		...['100 ringing', '101 ringing', '100 answered'],
	]);
});
