import fc from 'fast-check';
import { BoundedMap } from '../lib/boundedMap';

test('holds no more than it may, forgets what was used longest ago, and tells each value that it forgets', () => {
	const action = fc.record({
		key: fc.integer({ min: 0, max: 8 }),
		does: fc.constantFrom('set', 'get', 'delete', 'pass'),
	});
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 5 }), fc.array(action), (max, actions) => {
			let now = 0;
			const dropped: number[] = [];
			const map = new BoundedMap<number, number>({
				max,
				idleMs: 100,
				dropped: (value) => dropped.push(value),
				now: () => now,
			});
			/** The same, said in another way: a list in order of use. */
			let model: Array<{ key: number; value: number; usedAt: number }> = [];
			const lost: number[] = [];
			let value = 0;
			for (const { key, does } of actions) {
				const found = model.find((entry) => entry.key === key);
				const isIdle = found !== undefined && now - found.usedAt >= 100;
				if (does === 'pass') now += 30;
				if (does === 'set') {
					map.set(key, ++value);
					model = [...model.filter((entry) => entry !== found), { key, value, usedAt: now }];
					while (model.length > max || now - model[0]!.usedAt >= 100)
						lost.push(model.shift()!.value);
				}
				if (does === 'get') {
					expect(map.get(key)).toBe(isIdle ? undefined : found?.value);
					model = model.filter((entry) => entry !== found);
					if (found && isIdle) lost.push(found.value);
					if (found && !isIdle) model.push({ ...found, usedAt: now });
				}
				if (does === 'delete') {
					map.delete(key);
					model = model.filter((entry) => entry !== found);
				}
				expect(map.values()).toEqual(model.map((entry) => entry.value));
				expect(map.size).toBeLessThanOrEqual(max);
			}
			expect(dropped).toEqual(lost);
		}),
	);
});

test('what is deleted on purpose is not told', () => {
	const dropped: string[] = [];
	const map = new BoundedMap<string, string>({ max: 1, dropped: (value) => dropped.push(value) });
	map.set('a', 'A');
	map.set('a', 'B');
	map.delete('a');
	map.set('b', 'C');
	map.clear();
	expect([dropped, map.size]).toEqual([[], 0]);
});
