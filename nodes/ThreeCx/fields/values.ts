import type { ResourceMapperValue } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { parseType } from '../../../lib/xapi/catalogue';
import type { Entity } from '../../../lib/xapi/entities';
import { jsonMembers, type JsonContext } from '../../../lib/xapi/jsonValue';
import { findHidden } from '../../../lib/xapi/secrets';

/**
 * What a resource mapper gives, as the JSON that XAPI wants. Fields that were left empty are left out.
 *
 * @param values its `value`
 * @param owner what the fields belong to, such as `Queue`, for messages
 * @param types type expressions of the fields
 * @throws ThreeCxError of kind `input` naming the field that does not fit its type, or that `types` does not have
 */
export function mappedValues(
	values: ResourceMapperValue['value'],
	owner: string,
	types: Readonly<Record<string, string>>,
	context: JsonContext,
): Entity {
	const given = Object.entries(values ?? {}).filter(
		([name, value]) => value !== null && (value !== '' || isText(types[name])),
	);
	return jsonMembers(Object.fromEntries(given), owner, types, context);
}

/** An emptied text is a text; an emptied number, date or list is none. */
const isText = (expression = 'string'): boolean => {
	const { name, array } = parseType(expression);
	return name === 'string' && !array;
};

/**
 * @throws ThreeCxError of kind `input` when a value still holds the marker of a hidden secret: it came from an earlier
 *   output, and writing it would set the marker as the password
 */
export function refuseHidden(body: Entity): void {
	const hidden = findHidden(body);
	if (hidden === undefined) return;
	throw new ThreeCxError({
		kind: 'input',
		field: hidden,
		message: `${hidden} contains the placeholder for a hidden secret`,
		hint: 'To keep the secret, remove the field. To copy it, select it under Options > Show Secret Fields in the node that reads it.',
	});
}
