import { ThreeCxError } from '../http/errors';

/**
 * A value that cannot be put into an OData request. Nothing has been sent. The message names the field and says what
 * is accepted; it repeats the offending value only where that cannot be a secret (an enum member, a field name).
 */
export class ODataInputError extends ThreeCxError {
	/**
	 * @param message what is wrong and what to do about it
	 * @param field the field, parameter or query option that holds the value; undefined for a raw `$filter`
	 */
	constructor(message: string, field?: string) {
		super({ kind: 'input', message, hint: '', field });
		this.name = 'ODataInputError';
	}
}
