//! stub
use std::borrow::Cow;
#[derive(Default)] pub(crate) struct Scratch; #[derive(Default)] pub(crate) struct Builder; pub(crate) struct Table<'a>(&'a [u8]);
impl Builder { pub(crate) fn add(&mut self,_:u32,_:&[u32]){} pub(crate) fn finish(self,_:&mut Vec<u8>){} }
impl<'a> Table<'a> { pub(crate) fn open(b:&'a [u8])->Option<Self>{Some(Self(b))} }
pub(crate) fn extract(_:&[u8],_:&mut Scratch,_:&mut Vec<u32>){}
pub(crate) fn decode(b:&[u8])->Cow<'_,[u8]>{Cow::Borrowed(b)}
pub(crate) fn merge(_:&[(&Table<'_>,&[Option<u32>])],_:&mut Vec<u8>){}
pub(crate) fn is_utf16(b:&[u8])->bool{ b.starts_with(&[0xff,0xfe])||b.starts_with(&[0xfe,0xff]) }
