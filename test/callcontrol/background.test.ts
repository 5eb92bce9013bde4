import {
	backgroundCount,
	endBackground,
	MAX_BACKGROUND,
	playInBackground,
} from '../../lib/callcontrol/calls/background';

const PBX = 'https://pbx.test';
const leg = (id: number) => ({ dn: 'app', id });

/** Begins to play something that has no end of its own. */
const playOn = async (id: number, onError: (error: Error) => void = () => undefined) =>
	await playInBackground(
		PBX,
		leg(id),
		async (stop, begun) => {
			begun();
			await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()));
		},
		onError,
	);

afterEach(() => expect(backgroundCount()).toBe(0));

test('so many at once, and not one more; with the end of one there is room again', async () => {
	for (let id = 0; id < MAX_BACKGROUND; id++) await playOn(id);
	await expect(playOn(MAX_BACKGROUND)).rejects.toMatchObject({ kind: 'rateLimited' });
	await endBackground(PBX, leg(0));
	await playOn(MAX_BACKGROUND);
	for (let id = 1; id <= MAX_BACKGROUND; id++) await endBackground(PBX, leg(id));
});

test('one for each leg: the next begins when the last has ended', async () => {
	await Promise.all([playOn(1), playOn(1), playOn(1)]);
	expect(backgroundCount()).toBe(1);
	await endBackground(PBX, leg(1));
});

test('another PBX, or another leg, is of no interest', async () => {
	await playOn(1);
	await endBackground(PBX, leg(2));
	await endBackground('https://other.test', leg(1));
	expect(backgroundCount()).toBe(1);
	await endBackground(PBX, leg(1));
});

test('what fails before it has begun fails for whoever has begun it; what fails later is told', async () => {
	const told: string[] = [];
	const onError = ({ message }: Error) => void told.push(message);
	const fails = async () => await Promise.reject(new Error('at once'));
	await expect(playInBackground(PBX, leg(1), fails, onError)).rejects.toThrow('at once');
	let fail: (error: Error) => void = () => undefined;
	const later = new Promise<void>((_, reject) => (fail = reject));
	const play = async (_: AbortSignal, begun: () => void) => {
		begun();
		await later;
	};
	await playInBackground(PBX, leg(1), play, onError);
	fail(new Error('later'));
	await endBackground(PBX, leg(1));
	expect(told).toEqual(['later']);
});

test('what is over before it has begun has begun all the same', async () => {
	await playInBackground(
		PBX,
		leg(1),
		async () => await Promise.resolve(),
		() => undefined,
	);
});
