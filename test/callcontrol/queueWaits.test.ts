import { queueWaits } from '../../lib/callcontrol/calls/queueWaits';
import { CallTracker, type Change, type CallEvent } from '../../lib/callcontrol/calls/tracker';
import { isCall, leg, removed, state, upsert } from './samples';

const TYPES = {
	'100': 'Wextension',
	'101': 'Wextension',
	'102': 'Wextension',
	'800': 'Wqueue',
	'801': 'Wqueue',
	'700': 'Wivr',
	bot: 'Wroutepoint',
};

const queue = (fields: Parameters<typeof upsert>[0] = {}) =>
	upsert({ dn: '800', id: 8, legid: 2, status: 'Connected', ...fields });
const agent = (dn: string, id: number, status: string) =>
	upsert({ dn, id, legid: id, status, on_behalf_of_dn: '800', on_behalf_of_type: 'Wqueue' });
const talks = (dn: string, id: number) => agent(dn, id, 'Connected');
const rings = (dn: string, id: number) => agent(dn, id, 'Ringing');

/** A PBX whose clock moves when it is told to, and what is told of its queues. */
function listener() {
	let now = 1_000_000;
	const tracker = new CallTracker(() => now);
	for (const change of tracker.diff(state([], TYPES), 'baseline')) tracker.apply(change);
	const take = queueWaits();
	const all: CallEvent[] = [];
	const push = (events: CallEvent[]) => all.push(...events.flatMap(take));
	return {
		all,
		/** Applies changes one after the other, and lets so many seconds pass after each. */
		play(changes: Change[], seconds = 10) {
			for (const change of changes) {
				push(tracker.apply(change).filter(isCall));
				now += seconds * 1_000;
			}
		},
		settle() {
			now += 10_000;
			push(tracker.settle());
		},
		told: () =>
			all
				.filter(({ wait }) => wait)
				.map(({ type, wait, at }) =>
					[
						type,
						wait!.queue,
						wait!.outcome,
						wait!.by,
						type === 'queueLeft' ? `after ${(at - wait!.since!) / 1_000} s` : undefined,
					]
						.filter((part) => part !== undefined)
						.join(' '),
				),
	};
}

describe('a caller in a queue', () => {
	const gone = removed('800', 8);

	test.each<[string, Change[], string[]]>([
		[
			'is taken by an agent before the queue lets go',
			[queue(), rings('100', 3), rings('101', 4), talks('101', 4), gone, removed('100', 3)],
			['queueLeft 800 answered 101'],
		],
		[
			'is taken by an agent after the queue has let go',
			[queue(), rings('100', 3), gone, talks('100', 3)],
			['queueLeft 800 answered 100'],
		],
		[
			'is picked up by somebody who did not ring',
			[queue(), rings('100', 3), gone, removed('100', 3), talks('102', 5)],
			['queueLeft 800 answered 102'],
		],
		['hangs up', [queue(), rings('100', 3), gone, removed('100', 3)], ['queueLeft 800 abandoned']],
		[
			'hangs up while nobody rings',
			[queue(), rings('100', 3), removed('100', 3), gone],
			['queueLeft 800 abandoned'],
		],
		[
			'is sent on to a phone',
			[queue(), gone, upsert({ dn: '102', id: 5, status: 'Ringing' })],
			['queueLeft 800 overflowed 102'],
		],
		[
			'is sent on to a menu',
			[queue(), gone, upsert({ dn: '700', id: 5, status: 'Connected' })],
			['queueLeft 800 overflowed 700'],
		],
		[
			'is sent on to a program',
			[queue(), gone, upsert({ dn: 'bot', id: 5, status: 'Connected' })],
			['queueLeft 800 overflowed bot'],
		],
		[
			'is sent on to another queue, and gives up there',
			[queue(), gone, queue({ dn: '801', id: 9 }), removed('801', 9)],
			['queueLeft 800 overflowed 801', 'queueEntered 801', 'queueLeft 801 abandoned'],
		],
	])('%s', (_, changes, expected) => {
		const { play, settle, told, all } = listener();
		// The pauses are shorter than what makes a call count as over.
		play(changes.slice(0, changes.indexOf(gone)), 10);
		play(changes.slice(changes.indexOf(gone)), 1);
		settle();
		const [entered, ...left] = told();
		expect(entered).toBe('queueEntered 800');
		expect(left.map((line) => line.replace(/ after .*/, ''))).toEqual(expected);
		// The time is that at which the queue let go, whenever it was clear what had become of the caller.
		const seconds = 10 * changes.slice(0, changes.indexOf(gone)).length;
		expect(left[0]).toMatch(new RegExp(`after ${seconds} s$`));
		// Nothing of the queue's leg comes after its end.
		const ofLeg = all.filter(({ leg: { dn } }) => dn === '800').map(({ type }) => type);
		expect(ofLeg).toEqual(['answered', 'queueEntered', 'queueLeft', 'ended', ...ofLeg.slice(4)]);
		expect(ofLeg.slice(4).every((type) => type === 'over')).toBe(true);
	});

	test('is told as well to whoever comes later', () => {
		const tracker = new CallTracker(() => 5_000);
		const legs = [leg({ dn: '800', id: 8, status: 'Connected' })];
		for (const change of tracker.diff(state(legs, TYPES), 'baseline')) tracker.apply(change);
		const take = queueWaits();
		const told = tracker.replay().flatMap(take);
		expect(told.map(({ type, wait }) => [type, wait?.since])).toEqual([
			['answered', undefined],
			['queueEntered', undefined],
		]);
	});

	test('two calls in one queue are kept apart', () => {
		const { play, told } = listener();
		play([queue(), queue({ id: 9, callid: 8 })]);
		play([gone, talks('100', 3)], 1);
		expect(told()).toEqual([
			'queueEntered 800',
			'queueEntered 800',
			'queueLeft 800 answered 100 after 20 s',
		]);
	});
});

test('who has rung, and who of them for the queue, is known in all events of the call', () => {
	const { play, all } = listener();
	play(
		[
			upsert({ dn: '102', id: 1, legid: 1, status: 'Ringing' }),
			removed('102', 1),
			queue(),
			upsert({ dn: '100', id: 3, legid: 3 }),
			rings('101', 4),
			talks('101', 4),
		],
		1,
	);
	expect(all.at(-1)!.call).toMatchObject({ rang: ['102', '100', '101'], agents: ['100', '101'] });
});
