/** What the number of a message tells. */
export interface Position {
	/** The message was told before. */
	isRepeat: boolean;
	/** Messages are missing before it. */
	isGap: boolean;
}

const UNTOLD: Position = { isRepeat: false, isGap: false };

/**
 * Judges the `sequence` of the messages of one socket. On most PBXs it grows by one; on others it is always the same, or
 * begins anew (protocol 3.6). A number that is no count says nothing: it must not make a key that was pressed a repeat.
 */
export class Sequence {
	private last?: { sequence: number; text: string };

	private counts: 'perhaps' | 'yes' | 'no' = 'perhaps';

	/**
	 * @param sequence of the message, if it has one
	 * @param text the message
	 */
	next(sequence: number | undefined, text: string): Position {
		if (sequence === undefined || this.counts === 'no') return UNTOLD;
		const { last } = this;
		this.last = { sequence, text };
		// Each socket counts from the start (protocol 3.2): if it does not begin with the first, the first is lost. Where it
		// counts on, one reading too many does no harm.
		if (!last) return { isRepeat: false, isGap: sequence > 1 };
		if (sequence === last.sequence + 1) {
			this.counts = 'yes';
			return UNTOLD;
		}
		if (sequence > last.sequence) return { isRepeat: false, isGap: true };
		const isSame = sequence === last.sequence && text === last.text;
		// At the beginning of a socket nobody knows whether it counts: the same message again decides nothing.
		if (isSame) return { isRepeat: this.counts === 'yes', isGap: false };
		this.counts = 'no';
		return UNTOLD;
	}
}

/** The other socket tells the same within this time, in ms; nobody presses a key twice as fast. */
const TWIN_MS = 250;

/** More messages than this are not waited for. */
const MAX_TWINS = 1_000;

const SEQUENCE = /"sequence"\s*:\s*"?-?\d+/i;

/**
 * Finds what two sockets of one link tell both, while one takes the place of the other. Each counts for itself, so only
 * what the messages say can be compared: each message of one socket stands for one like it of the other.
 */
export class Twins {
	private readonly alone = new Map<string, Array<{ source: object; at: number }>>();

	/** @param now ms, of a clock that only goes forward */
	constructor(private readonly now: () => number = () => performance.now()) {}

	/** @returns whether the other socket has told this message already */
	isTwin(text: string, source: object): boolean {
		const name = text.replace(SEQUENCE, '');
		const since = this.now() - TWIN_MS;
		const waiting = (this.alone.get(name) ?? []).filter(({ at }) => at >= since);
		const index = waiting.findIndex((each) => each.source !== source);
		if (index >= 0) waiting.splice(index, 1);
		else waiting.push({ source, at: this.now() });
		this.alone.delete(name);
		if (waiting.length > 0) this.alone.set(name, waiting);
		const [oldest] = this.alone.keys();
		if (this.alone.size > MAX_TWINS) this.alone.delete(oldest!);
		return index >= 0;
	}
}
