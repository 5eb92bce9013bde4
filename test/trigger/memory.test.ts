import type { IDataObject, ITriggerFunctions } from 'n8n-workflow';
import type { ToldJson } from '../../lib/callcontrol/calls/told';
import { keptMemory, noMemory } from '../../nodes/ThreeCxTrigger/memory';
import { leg } from '../callcontrol/samples';

/** What the trigger keeps in n8n's static data of the workflow, and when it writes it. */

const PBX = 'https://pbx.example.com';
const KEY = 'threeCxTrigger node';
const DAY = 86_400_000;

const start = (store: IDataObject = {}) => {
	const warnings: string[] = [];
	const asked: string[] = [];
	const memory = keptMemory({
		getWorkflowStaticData: (type: string) => (asked.push(type), store),
		getNode: () => ({ id: 'node', name: 'Calls' }),
		logger: { warn: (text: string) => warnings.push(text) },
	} as unknown as ITriggerFunctions);
	expect(asked).toEqual(['global']);
	return { memory, store, warnings, kept: () => store[KEY] as unknown as ToldJson | undefined };
};

const call = (callid: number) => ({
	callid,
	era: 0,
	stay: '',
	steps: new Set(['ringing']),
	given: new Set<string>(),
	waits: new Set<string>(),
	rang: [],
	agents: [],
	answered: false,
	numbers: ['+441632960123'],
	leg: {
		dn: '100',
		direction: 'inbound' as const,
		connected: false,
		participant: leg({ callid }),
	},
});

test('nothing is written before something is known, and then only when there is something else', () => {
	const { memory, kept } = start();
	memory.save();
	expect(kept()).toBeUndefined();
	const told = memory.open(PBX);
	expect(told).toMatchObject({ origin: 'new', pbx: PBX });
	expect(kept()).toBeUndefined();
	memory.save();
	const first = kept();
	expect(first).toMatchObject({ v: 1, pbx: PBX, calls: [] });
	memory.save();
	expect(kept()).toBe(first);
	told.add(call(7));
	memory.save();
	expect(kept()).not.toBe(first);
	expect(kept()!.calls).toHaveLength(1);
});

test('that it listens is written where nothing has been kept, only', () => {
	const fresh = start();
	fresh.memory.begin(PBX);
	expect(fresh.kept()).toMatchObject({ pbx: PBX });
	const { at } = fresh.kept()!;
	expect(Math.abs(at - Date.now())).toBeLessThan(5_000);
	const before = fresh.kept();
	const next = start(fresh.store);
	next.memory.begin('https://other.example.com');
	expect(next.kept()).toBe(before);
});

test('the next process goes on from it; within one, what is open stays open', () => {
	const { memory, store } = start();
	const told = memory.open(PBX);
	told.add(call(7));
	memory.save();
	expect(memory.open(PBX)).toBe(told);
	const next = start(store);
	const again = next.memory.open(PBX);
	expect(again.origin).toBe('same');
	expect(again.open()).toMatchObject([{ callid: 7 }]);
	expect(next.warnings).toEqual([]);
});

test('another PBX goes on from what this process knows, written or not, and is written though it says the same', () => {
	const { memory, kept } = start();
	memory.open(PBX).add(call(7));
	memory.save();
	memory.open(PBX).add(call(8));
	const other = memory.open('https://other.example.com');
	expect(other.origin).toBe('other');
	expect(other.open()).toMatchObject([{ callid: 7 }, { callid: 8 }]);
	other.version = 1;
	memory.save();
	expect(kept()).toMatchObject({ pbx: 'https://other.example.com' });
});

test('what n8n hands out is not what is kept', () => {
	const seen: PropertyKey[] = [];
	const { store } = start();
	start(store).memory.begin(PBX);
	const watched = new Proxy(store[KEY] as object, {
		get: (target, name) => (seen.push(name), Reflect.get(target, name) as unknown),
	});
	const told = start({ [KEY]: watched as IDataObject }).memory.open(PBX);
	expect(told.origin).toBe('same');
	seen.length = 0;
	told.write(Date.now());
	expect(seen).toEqual([]);
});

test.each<[string, unknown, string | undefined]>([
	['something else', { v: 0 }, 'nothing could be read'],
	['a text', 'x', 'nothing could be read'],
	['null', null, 'nothing could be read'],
	['two odd lines', ['x', 5], '2 calls could be read'],
	['nothing', undefined, undefined],
])('%s is told in the log where it cannot be read', (_, odd, says) => {
	const { memory, store } = start();
	memory.begin(PBX);
	const value = Array.isArray(odd) ? { ...(store[KEY] as object), calls: odd } : odd;
	const next = start(value === undefined ? {} : { [KEY]: value as IDataObject });
	expect(next.memory.open(PBX).pbx).toBe(PBX);
	expect(next.warnings).toHaveLength(says === undefined ? 0 : 1);
	if (says !== undefined) expect(next.warnings[0]).toContain(says);
});

test('what a node that is gone has left is cleared away after 90 days, and nothing else', () => {
	const now = Date.now();
	const old = now - 90 * DAY - 1;
	const store: IDataObject = {
		'threeCxTrigger old': { at: old },
		'threeCxTrigger young': { at: now - 90 * DAY + 60_000 },
		'threeCxTrigger odd': {},
		'threeCxTrigger null': null,
		'threeCxSystemTrigger old': { at: old },
		threeCxTrigger: { at: old },
		'my own data': { at: old },
		text: 'x',
	};
	const names = Object.keys(store);
	start(store).memory.begin(PBX);
	expect(Object.keys(store)).toEqual([
		...names.filter((name) => name !== 'threeCxTrigger old'),
		KEY,
	]);
});

test('a manual test begins anew, and leaves nothing behind', () => {
	const memory = noMemory();
	expect(memory.open(PBX)).toMatchObject({ origin: 'new', pbx: PBX });
	expect(memory.open(PBX)).not.toBe(memory.open(PBX));
	expect([memory.begin(PBX), memory.save()]).toEqual([undefined, undefined]);
});
