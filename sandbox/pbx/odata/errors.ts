/** One rejected field of a write: `target` is the field path, `message` the 3CX warning code. */
export interface ErrorDetail {
	code: string;
	message: string;
	target: string;
}

/** An answer other than success, with the status and the OData error body that 3CX sends (protocol 4.4). */
export class ODataError extends Error {
	/**
	 * @param status HTTP status of the answer
	 * @param message text for `error.message`; empty with `bare` for an answer without body
	 * @param details one entry per rejected field
	 * @param bare true when the real PBX answers without any body (bare 404 and 500 of protocol 4.4)
	 */
	constructor(
		readonly status: number,
		message: string,
		readonly details: ErrorDetail[] = [],
		readonly bare = false,
	) {
		super(message);
		this.name = 'ODataError';
	}

	/** The JSON body; undefined for a bare answer. `code` is empty as observed in practice (protocol 4.4). */
	toBody(): object | undefined {
		if (this.bare) return undefined;
		const details = this.details.length > 0 ? { details: this.details } : {};
		return { error: { code: '', message: this.message, ...details } };
	}
}

/** 400 for a query option that cannot be understood. */
export const badQuery = (message: string) =>
	new ODataError(400, `The query specified in the URI is not valid. ${message}`);

/** 404 without a body: no such path or entity. */
export const notFound = () => new ODataError(404, 'Not Found', [], true);

/**
 * 400 for a write that breaks a rule of 3CX: the message concatenates "Field:\nCODE" and `details` name each field.
 * @param violations field path to warning code, such as `{ Number: 'WARNINGS.XAPI.ALREADY_IN_USE' }`
 */
export function rejected(violations: Record<string, string>): ODataError {
	const entries = Object.entries(violations);
	return new ODataError(
		400,
		entries.map(([field, code]) => `${field}:\n${code}`).join('\n'),
		entries.map(([target, message]) => ({ code: '', message, target })),
	);
}
