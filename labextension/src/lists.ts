import { type Changes, type Rows } from "./documents";

/** The lists there are. */
export type ListName = keyof Rows;
/** A row of one list. */
export type RowOf<Name extends ListName> = Rows[Name][number];
/** The rows of every list by their keys; lists that change are replaced. */
export type Lists = { readonly [Name in ListName]: ReadonlyMap<string, RowOf<Name>> };

export const LIST_NAMES: readonly ListName[] = ["models", "services", "computes", "operations"];

/** What a row is known by in its list. */
export const KEYS: { readonly [Name in ListName]: (row: RowOf<Name>) => string } = {
  models: (row) => row.id,
  services: (row) => row.name,
  computes: (row) => row.name,
  operations: (row) => row.id,
};

/** The lists of a workspace in which nothing was done. */
export const EMPTY: Lists = { models: new Map(), services: new Map(), computes: new Map(), operations: new Map() };

/** The lists as a snapshot has them; what is as before stays the same object, lists and rows. */
export function replaced(lists: Lists, rows: Rows): Lists {
  return {
    models: replacedList(lists.models, rows.models, KEYS.models),
    services: replacedList(lists.services, rows.services, KEYS.services),
    computes: replacedList(lists.computes, rows.computes, KEYS.computes),
    operations: replacedList(lists.operations, rows.operations, KEYS.operations),
  };
}

/** The lists after changes; those that have none stay the same object. */
export function changed(lists: Lists, { changed: rows, gone }: Changes): Lists {
  return {
    models: changedList(lists.models, rows.models, gone.models, KEYS.models),
    services: changedList(lists.services, rows.services, gone.services, KEYS.services),
    computes: changedList(lists.computes, rows.computes, gone.computes, KEYS.computes),
    operations: changedList(lists.operations, rows.operations, gone.operations, KEYS.operations),
  };
}

type List<Row> = ReadonlyMap<string, Row>;

function replacedList<Row>(list: List<Row>, rows: Row[], key: (row: Row) => string): List<Row> {
  const after = new Map<string, Row>();
  let differs = list.size !== rows.length;
  for (const row of rows) {
    const known = list.get(key(row));
    const isSame = known !== undefined && JSON.stringify(known) === JSON.stringify(row);
    after.set(key(row), isSame ? known : row);
    differs ||= !isSame;
  }
  return differs ? after : list;
}

function changedList<Row>(list: List<Row>, rows: Row[], gone: string[], key: (row: Row) => string): List<Row> {
  if (!rows.length && !gone.length) return list;
  const after = new Map(list);
  for (const row of rows) after.set(key(row), row);
  for (const one of gone) after.delete(one);
  return after;
}
