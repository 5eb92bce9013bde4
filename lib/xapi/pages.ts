import { ThreeCxError } from '../http/errors';
import { mapInOrder } from '../waiting/concurrency';

/** One answer of a collection. */
export interface Page<Row> {
	rows: Row[];
	/** How many rows the PBX counts it for: `rows`, and those that were none. */
	length: number;
	/** What the PBX says of how many rows there are in all; it is believed only as far as rows come. */
	count?: number;
	/** Where the PBX says that the list goes on. */
	link?: string;
	/** Length of the answer, in characters. */
	size: number;
}

/** How a list is read. */
export interface Paging<Row> {
	/** Reads a page; `isCounted` asks for the number of all rows, too. */
	read(top: number, skip: number, isCounted: boolean): Promise<Page<Row>>;
	/** Reads the page behind a link. */
	follow(link: string): Promise<Page<Row>>;
	/** The most rows; Infinity for all. */
	limit: number;
	/** Rows to ask for with one request. */
	pageSize: number;
	/** Pages fetched side by side; asked whenever one may be fetched. */
	inFlight(): number;
	/** How many rows are likely to come: their first pages are asked for side by side at once. */
	likely: number;
	/** The most pages, and characters, of a list. */
	bounds: { pages: number; size: number };
}

/** A list asked for by so few rows looks one up: it is not worth counting. */
const LOOKUP = 2;

/** No server caps its pages lower than this, in rows: a first page that is shorter, and shorter than asked, is the last. */
const SMALLEST_CAP = 10;

/** Pages without a row behind links, one after the other, until it is clear that no more will come. */
const MAX_EMPTY = 10;

/**
 * Reads a list page by page, and knows when it is over. In this order:
 *
 * - it has as many rows as are wanted;
 * - a page is empty, or there is no further link where the PBX sends links;
 * - it has as many rows as the PBX has counted;
 * - without a count: a page is shorter than the first one. The first one itself may be short because the PBX caps its
 *   pages lower than we ask, so that after it the next one is asked for, unless it has only a few rows.
 *
 * Where there is a count, the pages are fetched side by side; from the first one that is shorter than expected on, one by
 * one. What the PBX counts costs nothing before the rows are there.
 *
 * @param paging what is read, and how
 * @returns the rows of each page, in order
 * @throws ThreeCxError of kind `malformed` when the list has no end, or repeats itself
 */
export async function readPages<Row>(paging: Paging<Row>): Promise<Row[][]> {
	const { read, limit, pageSize, likely, bounds } = paging;
	const inFlight = () => paging.inFlight();
	const top = Math.min(pageSize, limit);
	const ahead = skips(pageSize, Math.min(likely, limit), inFlight() - 1);
	const [first, ...early] = await mapInOrder(
		[0, ...ahead],
		inFlight,
		async (skip) => await read(Math.min(pageSize, limit - skip), skip, skip === 0 && top > LOOKUP),
	);
	const list = new Rows<Row>(limit, bounds);
	list.add(first!);
	if (first!.link !== undefined) return await followed(list, first!.link, paging);

	// What came, not what was asked for, is the step: a server may cap its pages lower than we ask.
	const step = first!.length;
	const { count } = first!;
	const isCounted = count !== undefined && count >= step;
	if (!isCounted && step < Math.min(top, SMALLEST_CAP)) return list.pages;
	const goal = isCounted ? Math.min(count, limit) : limit;
	const wanted = (skip: number) => Math.min(step, goal - skip);
	const known = step === pageSize ? early : [];
	const rest = isCounted ? skips(step, goal, bounds.pages).slice(known.length) : [];
	/** Behind the first page that is short there is nothing to fetch side by side. */
	let end = Infinity;
	let { size } = first!;
	const further = await mapInOrder(rest, inFlight, async (skip) => {
		if (skip >= end) return undefined;
		const page = await read(wanted(skip), skip, false);
		if (page.length < wanted(skip)) end = Math.min(end, skip);
		size += page.size;
		if (size > bounds.size) throw tooLarge(size, skip + page.length);
		return page;
	});
	for (const page of [...known, ...further]) {
		const expected = wanted(list.at);
		if (!page || list.isFull || page.length === 0) break;
		list.add(page);
		if (page.length >= expected) continue;
		// Without a count, a page that is shorter than the first one is the last.
		if (!isCounted) return list.pages;
		break;
	}
	while (step > 0 && list.at < goal && !list.isFull) {
		const page = await read(Math.min(step, limit - list.length), list.at, false);
		if (page.length === 0 || list.isRepeatedBy(page, top)) break;
		list.add(page);
		if (!isCounted && page.length < step) break;
	}
	return list.pages;
}

async function followed<Row>(
	list: Rows<Row>,
	first: string,
	{ follow }: Paging<Row>,
): Promise<Row[][]> {
	const seen = new Set<string>();
	let empty = 0;
	for (let link: string | undefined = first; link !== undefined && !list.isFull; ) {
		if (seen.has(link)) throw repeated();
		seen.add(link);
		const page: Page<Row> = await follow(link);
		list.add(page);
		empty = page.length === 0 ? empty + 1 : 0;
		if (empty > MAX_EMPTY) throw endless(list.pages.length, list.length);
		link = page.link;
	}
	return list.pages;
}

/** Where the pages after the first one begin, up to a number of pages. */
function skips(step: number, total: number, most: number): number[] {
	const pages = step > 0 ? Math.min(Math.ceil(total / step) - 1, most) : 0;
	return Array.from({ length: Math.max(0, pages) }, (_, index) => (index + 1) * step);
}

/** The rows so far, within their bounds. */
class Rows<Row> {
	readonly pages: Row[][] = [];

	/** How many there are. */
	length = 0;

	/** How far they go by the count of the PBX. */
	at = 0;

	private size = 0;

	constructor(
		private readonly limit: number,
		private readonly bounds: { pages: number; size: number },
	) {}

	get isFull(): boolean {
		return this.length >= this.limit;
	}

	add({ rows, length, size }: Page<Row>): void {
		this.size += size;
		this.at += length;
		if (this.pages.length >= this.bounds.pages) throw endless(this.pages.length, this.length);
		if (this.size > this.bounds.size && this.pages.length > 0)
			throw tooLarge(this.size, this.length);
		const room = this.limit - this.length;
		this.pages.push(rows.length > room ? rows.slice(0, room) : rows);
		this.length += Math.min(rows.length, room);
	}

	/**
	 * Whether a page is the first one again, because the server does not know `$skip`. Where that one was short, it was
	 * all; where not, the rest cannot be had.
	 */
	isRepeatedBy({ rows }: Page<Row>, top: number): boolean {
		const [first = []] = this.pages;
		if (rows.length !== first.length || !isSame(rows[0], first[0]) || !isSame(rows, first)) {
			return false;
		}
		if (first.length !== top) return true;
		// Rows of few fields may well be the same as others; those with an id are not.
		const [row] = rows;
		if (typeof row !== 'object' || row === null || !('Id' in row)) return false;
		throw repeated();
	}
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

const malformed = (message: string, hint: string) =>
	new ThreeCxError({ kind: 'malformed', message, hint });

const endless = (pages: number, rows: number) =>
	malformed(
		`The list does not come to an end: ${pages} pages have come, with ${rows} rows`,
		'Set a Limit, or filter more. If the list cannot be that long, check what answers at the Server URL.',
	);

const tooLarge = (size: number, rows: number) =>
	malformed(
		`The list is too large: ${Math.round(size / 1024 / 1024)} MB have come, with ${rows} rows`,
		'Set a Limit, filter more, or choose fewer fields, so that n8n does not run out of memory; or raise "Maximum Response Size (MB)" in the Request Options.',
	);

const repeated = () =>
	malformed(
		'The PBX sends the same rows again where the list should go on',
		'Set a Limit of 100 or fewer, or filter more, and tell 3CX support.',
	);
