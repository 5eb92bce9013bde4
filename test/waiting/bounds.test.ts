import { createDelivery } from '../../lib/waiting/delivery';
import { Inbox } from '../../lib/waiting/inbox';
import { fitsPattern } from '../../lib/globs';
import fc from 'fast-check';

interface Event {
	id: number;
	kind: 'leg' | 'call' | 'key';
	bytes?: number;
}

/** A queue whose receiver never ends. */
function stuck(options: { maxWaiting?: number; maxBytes?: number }) {
	const shed: number[] = [];
	const delivered: Event[] = [];
	let go: () => void = () => undefined;
	const gate = new Promise<void>((resolve) => (go = resolve));
	const delivery = createDelivery<Event>({
		inFlight: 1,
		lane: () => 'one',
		sheddable: ({ kind }) => kind === 'leg',
		precious: ({ kind }) => kind === 'key',
		size: ({ bytes = 100 }) => bytes,
		onShed: (total) => shed.push(total),
		deliver: async (events) => {
			delivered.push(...events);
			await gate;
		},
		...options,
	});
	return { delivery, shed, delivered, go };
}

test('memory is bounded: legs go first, then calls, keys last', async () => {
	const { delivery, shed, delivered, go } = stuck({ maxBytes: 500 });
	const kinds = ['call', 'call', 'key', 'leg', 'key', 'call', 'key'] as const;
	kinds.forEach((kind, id) => delivery.push({ id, kind }));
	// One is under way; five of six others have room: the leg went.
	expect(shed).toHaveLength(1);
	for (let id = 10; id < 13; id++) delivery.push({ id, kind: 'key' });
	expect(delivery.waiting).toBe(5);
	go();
	await delivery.idle();
	expect(delivered.map(({ id }) => id)).toEqual([0, 4, 6, 10, 11, 12].slice(0, 6));
	expect(delivery.shed).toBe(4);
});

test('events of a size that fills the memory are given up, and the count is bounded for every kind', () => {
	const large = stuck({ maxBytes: 1_000_000 });
	for (let id = 0; id < 50; id++) large.delivery.push({ id, kind: 'call', bytes: 400_000 });
	expect(large.delivery.waiting).toBe(2);
	const mixed = stuck({ maxBytes: 1_000 });
	for (let id = 0; id < 11; id++) mixed.delivery.push({ id, kind: 'call' });
	mixed.delivery.push({ id: 11, kind: 'key', bytes: 950 });
	expect(mixed.delivery.waiting).toBe(1);
	const many = stuck({ maxWaiting: 10 });
	for (let id = 0; id < 5_000; id++) many.delivery.push({ id, kind: 'key' });
	expect(many.delivery.waiting).toBe(100);
	expect(many.shed.at(-1)).toBe(4_899);
});

test('an inbox that nobody reads is bounded and counts what it gave up', async () => {
	const inbox = new Inbox<number>(undefined, 3);
	inbox.push(1, 2);
	inbox.push(3, 4, 5);
	expect(inbox.shed).toBe(2);
	expect([await inbox.next(1), await inbox.next(1), await inbox.next(1)]).toEqual([1, 2, 3]);
	expect(await inbox.next(1)).toBeUndefined();
});

describe('a pattern', () => {
	test.each([
		['+493012345', '+4930*', true],
		['+493012345', '*2345', true],
		['+493012345', '+49301234?', true],
		['+493012345', '+4930', false],
		['Anonymous', 'anonymous', true],
		['', '*', true],
		['', '?', false],
		['a.b', 'a?b', true],
		['a+b', 'a+b', true],
	])('%s fits %s: %s', (text, pattern, expected) => {
		expect(fitsPattern(text, pattern)).toBe(expected);
	});

	test('fits what a regular expression says, in all cases', () => {
		const text = fc
			.array(fc.constantFrom('1', '2', '+'), { maxLength: 12 })
			.map((all) => all.join(''));
		const pattern = fc
			.array(fc.constantFrom('1', '2', '+', '*', '?'), { maxLength: 8 })
			.map((all) => all.join(''));
		fc.assert(
			fc.property(text, pattern, (given, wanted) => {
				const expression = wanted.replace(/\+/g, '\\+').replace(/\*/g, '.*').replace(/\?/g, '.');
				expect(fitsPattern(given, wanted)).toBe(new RegExp(`^${expression}$`).test(given));
			}),
			{ numRuns: 2_000 },
		);
	});

	test('of many stars costs no time', () => {
		const began = process.cpuUsage();
		expect(fitsPattern('1'.repeat(20_000), `${'*1'.repeat(30)}2`)).toBe(false);
		expect(process.cpuUsage(began).user / 1_000).toBeLessThan(5_000);
	});
});
