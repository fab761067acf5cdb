//! Go.

use super::{Language, check, check_uses};
use expect_test::expect;

pub(super) const SNIPPET: &str = r#"// Package store keeps things.
package store

import (
	"fmt"
	str "strings"
	. "math"
	_ "net/http/pprof"
	"github.com/x/yaml/v3"
	"gopkg.in/check.v1"
)

// MaxItems is the limit.
const MaxItems = 10

const (
	// Red is the first.
	Red Color = iota // not about green
	green
)

var cache, size = map[string]int{}, 3

// Store keeps items.
type Store[T any] struct {
	sync.Mutex
	*Base
	Name, alias string `json:"name"` // both
	notify      func(code int) error
}

// Reader reads.
type Reader interface {
	io.Closer
	// Read fills p.
	Read(p []byte) (n int, err error)
}

type (
	Celsius float64
	Alias   = Store[int]
)

// Get returns an item.
func (s *Store[T]) Get(key string, opts ...Option) (v T, err error) {
	s.Lock()
	defer s.Unlock()
	item, ok := s.items[key]
	if n := len(s.items); n > 0 && ok {
		item.count++
		s.Name = fmt.Sprintf("%s", str.ToUpper(key))
	}
	for i, v := range s.items {
		use(i, v)
	}
	p := &Point{X: 1, Y: size}
	go func(a int) { a = 2 }(p.X)
	switch t := v.(type) {
	case *Store[int]:
		t.Get("a")
	}
	tests := []struct{ name string }{{"a"}}
	type local struct{ Q int }
	select {
	case m := <-ch:
		m(tests)
	}
	return Map[T](item), nil
}

func Map[K comparable](in K) K { return in }
func main()                    {}
"#;

#[test]
fn outline() {
    check(
        Language::Go,
        SNIPPET,
        &expect![[r#"
        module store 2 | package store | // Package store keeps things.
        constant MaxItems 14 pub | const MaxItems = 10 | // MaxItems is the limit.
        constant Red 18 pub | Red Color = iota | // Red is the first.
        constant green 19 | green
        variable cache 22 | var cache, size = map[string]int{}, 3
        variable size 22 | cache, size = map[string]int{}, 3
        struct Store 25-30 pub | type Store[T any] struct | // Store keeps items.
          field Store.Mutex 26 pub | sync.Mutex
          field Store.Base 27 pub | *Base
          field Store.Name 28 pub | Name, alias string `json:"name"`
          field Store.alias 28 | Name, alias string `json:"name"`
          field Store.notify 29 | notify func(code int) error
        interface Reader 33-37 pub | type Reader interface | // Reader reads.
          method Reader.Read 36 pub | Read(p []byte) (n int, err error) | // Read fills p.
        class Celsius 40 pub | Celsius float64
        class Alias 41 pub | Alias = Store[int]
        method Store.Get 45-69 pub | func (s *Store[T]) Get(key string, opts ...Option) (v T, err error) | // Get returns an item.
            struct Store.Get.local 63 | type local struct
              field Store.Get.local.Q 63 pub | Q int
        function Map 71 pub | func Map[K comparable](in K) K
        function main 72 | func main()
        locals: T@25 (code@29 (p@36 (n@36 (err@36 (s@45 (key@45 (opts@45 (v@45 (err@45 item@48 ok@48 n@49 i@53 v@53 p@56 (a@57 t@58 tests@62 name@62 m@65 K@71 (in@71
        import Module fmt as fmt
        import Module strings as str
        import Star math
        import Bare net/http/pprof
        import Module github.com/x/yaml/v3 as yaml
        import Module gopkg.in/check.v1 as check
    "#]],
    );
}

#[test]
fn uses() {
    check_uses(
        Language::Go,
        SNIPPET,
        &expect![[r#"
        5: 3 fmt import;
        6: 2 str import;
        9: 16 yaml import;
        10: 12 check import;
        18: 6 Color type;
        22: 23 string type; 30 int type;
        25: 14 any type;
        26: 2 sync read; 7 sync.Mutex type;
        27: 3 Base type;
        28: 14 string type;
        29: 24 int type; 29 error type;
        34: 2 io read; 5 io.Closer type;
        36: 11 byte type; 20 int type; 29 error type;
        40: 10 float64 type;
        41: 12 Store type; 18 int type;
        45: 10 Store type; 16 T type; 28 string type; 44 Option type; 55 T type; 62 error type;
        46: 2 s read; 4 s.Lock call;
        47: 8 s read; 10 s.Unlock call;
        48: 14 s read; 16 s.items read; 22 key read;
        49: 10 len call; 14 s read; 16 s.items read; 24 n read; 33 ok read;
        50: 3 item read; 8 item.count write;
        51: 3 s read; 5 s.Name write; 12 fmt read; 16 fmt.Sprintf call; 30 str read; 34 str.ToUpper call; 42 key read;
        53: 20 s read; 22 s.items read;
        54: 3 use call; 7 i read; 10 v read;
        56: 8 Point type; 14 .X write; 20 .Y write; 23 size read;
        57: 12 int type; 19 a write; 27 p read; 29 p.X read;
        58: 14 v read;
        59: 8 Store type; 14 int type;
        60: 3 t read; 5 t.Get call;
        62: 26 string type;
        63: 23 int type;
        65: 14 ch read;
        66: 3 m call; 5 tests read;
        68: 9 Map type; 13 T type; 16 item read;
        71: 12 comparable type; 27 K type; 30 K type; 41 in read;
    "#]],
    );
}

#[test]
fn a_package_is_named_by_the_last_part_of_its_path() {
    let text = "import (\n\"a\"\n`b/c`\n\"d/v2\"\n\"v2\"\n\"e.v3\"\n\"\"\n\"f/\"\n)";
    check(
        Language::Go,
        text,
        &expect![[r#"
        import Module a as a
        import Module b/c as c
        import Module d/v2 as d
        import Module v2 as v2
        import Module e.v3 as e
        import Module f/
    "#]],
    );
}
