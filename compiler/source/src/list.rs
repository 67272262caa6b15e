//! `List` objects, which kubectl takes apart before it does anything else.

use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use crate::document::{Document, TypeOfItems};
use crate::{NodeRef, Value};

/// The objects of a document: the items of a `List`, of lists in it too, or the document itself.
pub(crate) fn expand(document: Document, objects: &mut Vec<Document>, diagnostics: &mut Diagnostics) {
    let Some(items) = items_of(&document) else {
        objects.push(document);
        return;
    };
    let from_list = type_of_items(&document);
    for item in items.items() {
        match item.value() {
            Value::Map => expand(document.item(item, from_list.clone()), objects, diagnostics),
            _ => diagnostics.push(item_is_no_object(item)),
        }
    }
}

fn item_is_no_object(item: NodeRef<'_>) -> Diagnostic {
    Diagnostic::new(&codes::NOT_AN_OBJECT, "an item of the `List` is not an object")
        .at(item.headline(), "expected keys such as `kind:`")
        .consequence("the item is left out; the other items are compiled")
        .help("delete it, or write the object out")
}

/// The items, if the document is a list: of kind `List`, or of a kind such as `ServiceList` that has `items`.
fn items_of(document: &Document) -> Option<NodeRef<'_>> {
    let kind = document.kind().filter(|kind| kind.ends_with("List"))?;
    let items = document.get("items");
    match items.map(NodeRef::value) {
        Some(Value::List) => items,
        // An empty list; its own type does not matter.
        None | Some(Value::Null) if kind == "List" => items.or(Some(document.root())),
        _ => None,
    }
}

/// What a typed list says about its items: a `v1` `ServiceList` holds `v1` `Service`s.
fn type_of_items(list: &Document) -> Option<Arc<TypeOfItems>> {
    let kind = list.kind()?.strip_suffix("List").filter(|kind| !kind.is_empty())?;
    let api_version = list.api_version()?.to_owned();
    Some(Arc::new(TypeOfItems { api_version, kind: kind.to_owned() }))
}
