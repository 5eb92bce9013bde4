import type { ILoadOptionsFunctions, ResourceMapperFields } from 'n8n-workflow';
import {
	operation,
	searchOperations,
	type Catalogue,
	type NamedOperation,
} from '../../../lib/xapi/catalogue';
import { SECRET_PROPERTIES } from '../../../lib/xapi/secrets';
import { labelOf } from '../fields/labels';
import { mapperFields } from '../fields/mapper';
import { titleCase } from '../fields/text';
import { asOptions } from '../lists';
import type { ListSearchMethod, LoadOptionsMethod, ResourceMappingMethod } from '../resource';
import { catalogueForEditor } from './catalogues';
import { bodyMembers, pathParameters } from './request';

/** What the methods behind the panel of Any Operation answer, from the catalogue. */

/** Name of the parameter that holds the operation. */
export const OPERATION_PARAMETER = 'xapiOperation';

/** Operations a page of the list; the editor asks for more as one scrolls. */
const LIST_PAGE = 100;

/** All operations that have every word that was typed in their name, path or tag. */
const searchXapiOperations: ListSearchMethod = async function (text, paginationToken) {
	const found = searchOperations(await catalogueForEditor(this), text ?? '');
	const skip = Number(paginationToken ?? 0);
	const end = skip + LIST_PAGE;
	return {
		results: found.slice(skip, end).map(({ id, method, path }) => ({
			name: `${titleCase(id)} · ${method} ${path}`,
			value: id,
		})),
		...(end < found.length ? { paginationToken: String(end) } : {}),
	};
};

/** The operation that is chosen in the panel; undefined before one is, or where only an expression knows. */
function chosen(context: ILoadOptionsFunctions, from: Catalogue): NamedOperation | undefined {
	const parameter = context.getCurrentNodeParameter(OPERATION_PARAMETER, { extractValue: true });
	const id = String(parameter ?? '').trim();
	const found = operation(from, id);
	return found && { id, ...found };
}

const notChosen = (emptyFieldsNotice: string): ResourceMapperFields => ({
	fields: [],
	emptyFieldsNotice,
});

/** A switch is never missing: it is off. */
const isRequired = ({
	name,
	nullable,
	array,
}: {
	name: string;
	nullable: boolean;
	array: boolean;
}) => !nullable && !array && name !== 'boolean';

const getOperationParameters: ResourceMappingMethod = async function () {
	const from = await catalogueForEditor(this);
	const found = chosen(this, from);
	if (!found) return notChosen('Choose an operation from the list first');
	return {
		fields: mapperFields(pathParameters(found), {
			from,
			required: isRequired,
			removed: () => false,
		}),
		emptyFieldsNotice: 'This operation has no parameters',
	};
};

const getOperationBody: ResourceMappingMethod = async function () {
	const from = await catalogueForEditor(this);
	const found = chosen(this, from);
	if (!found) return notChosen('The fields are listed once an operation is chosen from the list');
	const isEntity = typeof found.body === 'string';
	const fields = mapperFields(bodyMembers(found, from), {
		from,
		owner: isEntity ? String(found.body) : undefined,
		required: (type) => !isEntity && isRequired(type),
		// Of an entity one adds what is needed; JSON that may be left out starts with a template, so it is added, too.
		removed: ({ name, nullable }) => isEntity || (nullable && Object.hasOwn(from.types, name)),
	});
	return { fields, emptyFieldsNotice: 'This operation has no body' };
};

const getSecretNames: LoadOptionsMethod = async () =>
	await Promise.resolve(asOptions(Object.keys(SECRET_PROPERTIES), (name) => labelOf('', name)));

export const loadOptions = { getSecretNames };
export const listSearch = { searchXapiOperations };
export const resourceMapping = { getOperationParameters, getOperationBody };
