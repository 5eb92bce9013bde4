import { hangUp } from '../../lib/callcontrol/calls/hangUp';
import { ThreeCxError, type ErrorKind } from '../../lib/http/errors';
import { ManualClock } from '../support/clocks';

/** Hangs up at a PBX that answers so, one after the other; `fine` for all that come later. */
function hangsUp(...answers: Array<ErrorKind | 'fine'>) {
	const clock = new ManualClock();
	const asked: Array<[dn: string, id: number, action: string, at: number]> = [];
	const act = async (dn: string, id: number, action: string) => {
		asked.push([dn, id, action, clock.now()]);
		const kind = answers[asked.length - 1] ?? 'fine';
		if (kind !== 'fine') throw new ThreeCxError({ kind, message: `No. ${asked.length}`, hint: '' });
		return await Promise.resolve(undefined as never);
	};
	return { clock, asked, end: hangUp({ act }, { dn: 'app', id: 5 }, clock) };
}

test.each<[string, Array<ErrorKind | 'fine'>]>([
	['is dropped', ['fine']],
	['is gone already', ['notFound']],
])('a leg that %s is asked for once', async (_, answers) => {
	const { clock, asked, end } = hangsUp(...answers);
	await expect(end).resolves.toBeUndefined();
	expect(asked).toEqual([['app', 5, 'drop', 0]]);
	expect(clock.sleeping).toBe(0);
});

test('it is tried again a second later, and gone by then is gone', async () => {
	const { clock, asked, end } = hangsUp('server', 'timeout', 'notFound');
	await clock.advance(999);
	expect(asked).toHaveLength(1);
	await clock.advance(1_001);
	await expect(end).resolves.toBeUndefined();
	expect(asked.map(([, , , at]) => at)).toEqual([0, 1_000, 2_000]);
});

test('after three tries it is given up, with the last error', async () => {
	const { clock, asked, end } = hangsUp('server', 'server', 'forbidden', 'server');
	await clock.advance(10_000);
	await expect(end).resolves.toMatchObject({ kind: 'forbidden', message: 'No. 3' });
	expect(asked).toHaveLength(3);
});
