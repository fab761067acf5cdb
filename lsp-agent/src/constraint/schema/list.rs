//! Lists: of items of one kind, or of one item per place.

use super::super::part::PartId;
use super::{Parsed, Reader};
use serde_json::{Map, Value};

impl Reader<'_, '_> {
    pub(super) fn list(&mut self, map: &Map<String, Value>) -> Parsed {
        self.only(map, &["type", "items", "prefixItems", "minItems", "maxItems", "uniqueItems"])?;
        let least = self.count(map, "minItems")?;
        let most = self.count(map, "maxItems")?;
        if map.get("uniqueItems").is_some_and(|unique| unique != &Value::Bool(false)) {
            return Err(self.unsupported("uniqueItems"));
        }
        if let Some(Value::Array(items)) = map.get("prefixItems") {
            let is_exact = |count: Option<u32>| count.is_none_or(|count| count as usize == items.len());
            if !is_exact(least) || !is_exact(most) || map.get("items").is_some_and(|items| items != false) {
                return Err(self.unsupported("prefixItems"));
            }
            return self.tuple(items);
        }
        let any = Value::Bool(true);
        let items = map.get("items").unwrap_or(&any);
        let item = self.within("items", |this| this.schema(items))?;
        let least = least.unwrap_or(0);
        self.items(item, least, most.unwrap_or(self.schemas.most_items.max(least)))
    }

    /// A list of `least` to `most` items.
    pub(super) fn items(&mut self, item: PartId, least: u32, most: u32) -> Parsed {
        let (open, close, comma) =
            (self.parts().literal("["), self.parts().literal("]"), self.parts().literal(","));
        self.enclosed([open, comma, close], item, least, most)
    }

    /// Items between an opening and a closing mark, with a mark between them.
    pub(super) fn enclosed(&mut self, marks: [PartId; 3], item: PartId, least: u32, most: u32) -> Parsed {
        let [open, comma, close] = marks;
        let gap = self.gap();
        if most == 0 && least == 0 {
            return self.sequence(vec![open, close]);
        }
        let more = self.sequence(vec![comma, gap, item])?;
        let items = self.parts().repeat(item, more, least.max(1), most);
        let items = self.possible(items)?;
        let mut inside = vec![self.sequence(vec![items, gap, close])?];
        if least == 0 {
            inside.push(close);
        }
        let inside = self.parts().choice(inside);
        let inside = self.possible(inside)?;
        self.sequence(vec![open, gap, inside])
    }

    fn tuple(&mut self, items: &[Value]) -> Parsed {
        let gap = self.gap();
        let comma = self.parts().literal(",");
        let mut sequence = vec![self.parts().literal("["), gap];
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                sequence.extend([comma, gap]);
            }
            sequence.push(self.within(&format!("prefixItems/{place}"), |this| this.schema(item))?);
        }
        sequence.extend([gap, self.parts().literal("]")]);
        self.sequence(sequence)
    }
}
