import { watchLeg } from '../../lib/callcontrol/calls/keyWatch';
import type { CallEvent } from '../../lib/callcontrol/calls/tracker';
import { callEvent, leg } from './samples';

/** Watches leg 100/1; `#` and `*` stop. */
function watched() {
	let tell: (event: CallEvent) => void = () => undefined;
	const stops = (key: string) => key === '#' || key === '*';
	const watch = watchLeg((listener) => (tell = listener), { dn: '100', id: 1 }, stops);
	const keys = async () => {
		const read: string[] = [];
		for (let key = await watch.keys.next(0); key !== undefined; key = await watch.keys.next(0))
			read.push(key);
		return read.join('');
	};
	const press = (digits: string | undefined, dn = '100', id = 1) =>
		tell(
			callEvent({
				type: 'keyPressed',
				leg: { dn, participant: leg({ dn, id }) },
				...(digits === undefined ? {} : { digits }),
			}),
		);
	const happens = (type: CallEvent['type'], digits?: string, dn = '100', id = 1) =>
		tell(callEvent({ type, digits, leg: { dn, participant: leg({ dn, id }) } }));
	return { watch, keys, press, happens };
}

test('each key of the leg counts, also where several come at once', async () => {
	const { watch, keys, press } = watched();
	press('1');
	press('23');
	press(undefined);
	press('9', '101');
	press('9', '100', 2);
	expect(await keys()).toBe('123');
	expect([watch.stopped.aborted, watch.stopKey, watch.ended.aborted]).toEqual([
		false,
		undefined,
		false,
	]);
});

test('the first key that stops is told; those after it count, too', async () => {
	const { watch, keys, press } = watched();
	press('1#2*');
	press('*');
	expect([watch.stopped.aborted, watch.stopKey]).toEqual([true, '#']);
	expect(await keys()).toBe('1#2**');
});

test('nothing but a key is one, whatever comes with it', async () => {
	const { watch, keys, happens } = watched();
	happens('answered', '#');
	happens('participantChanged', '5');
	expect([await keys(), watch.stopKey, watch.ended.aborted]).toEqual(['', undefined, false]);
});

test('the end of the leg is told, not that of another', () => {
	const { watch, happens } = watched();
	happens('ended', '#', '101');
	happens('ended', '#', '100', 2);
	expect(watch.ended.aborted).toBe(false);
	happens('ended', '#');
	expect([watch.ended.aborted, watch.stopped.aborted]).toEqual([true, false]);
});
