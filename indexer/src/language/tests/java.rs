//! Java.

use super::{Language, check, check_uses};
use expect_test::expect;

pub(super) const SNIPPET: &str = r#"package com.example.store;

import java.util.List;
import java.util.concurrent.*;
import static java.lang.Math.max;

/** A store of things. */
@Deprecated
public class Store<T extends Comparable<T>> extends Base implements Closeable, Iterable<T> {
    /** The limit. */
    public static final int MAX = 10, MIN = 1; // not about items
    private final Map<String, List<T>> items = new HashMap<>();

    public Store(int size) { super(size); this.size = size; }

    /**
     * Finds one.
     */
    @Override
    @SuppressWarnings("public")
    protected <R> R get(final String key, T... rest) throws IOException {
        int n = max(1, 2), m;
        for (T item : rest) { use(item); }
        for (int i = 0; i < n; i++) { n += i; }
        try (Reader r = open(key)) { r.read(); } catch (IOException | Failure e) { log(e); }
        Runnable run = () -> helper(key);
        list.stream().map(x -> x.name).filter(Store::ok).map((a, b) -> a);
        if (obj instanceof Circle c && c.radius > MAX) { return (R) c; }
        switch (shape) { case Square s -> s.go(); case Point(int x, var y) -> use(x); default -> {} }
        new Thread(new Runnable() { @Override public void run() { go(); } }).start();
        return super.get(key).first;
    }

    static class Inner { class Deep {} }
    enum Color { RED, GREEN(2) { @Override void f() {} }; private int v; Color() {} }
    public interface Shape { int SIDES = 3; double area(); default void g() {} }
    public record Point(int x, int y) { Point { check(x); } public int sum() { return x + y; } }
    @interface Marker { String value() default "x"; }
}
"#;

#[test]
fn outline() {
    check(
        Language::Java,
        SNIPPET,
        &expect![[r#"
        module com.example.store 1 | package com.example.store;
        class Store 8-39 pub | @Deprecated public class Store<T extends Comparable<T>> extends Base implements Closeable, Iterable<T> | /** A store of things. */
          field Store.MAX 11 pub | public static final int MAX = 10 | /** The limit. */
          field Store.MIN 11 pub | MIN = 1
          field Store.items 12 | private final Map<String, List<T>> items = new HashMap<>()
          constructor Store.Store 14 pub | public Store(int size)
          method Store.get 19-32 pub | @Override @SuppressWarnings("public") protected <R> R get(final String key, T... rest) throws IOException | * Finds one.
            method Store.get.run 30 pub | @Override public void run()
          class Store.Inner 34 | static class Inner
            class Store.Inner.Deep 34 | class Deep
          enum Store.Color 35 | enum Color
            enum-member Store.Color.RED 35 | RED
            enum-member Store.Color.GREEN 35 | GREEN(2)
              method Store.Color.GREEN.f 35 | @Override void f()
            field Store.Color.v 35 | private int v
            constructor Store.Color.Color 35 | Color()
          interface Store.Shape 36 pub | public interface Shape
            constant Store.Shape.SIDES 36 pub | int SIDES = 3
            method Store.Shape.area 36 pub | double area();
            method Store.Shape.g 36 pub | default void g()
          class Store.Point 37 pub | public record Point(int x, int y)
            field Store.Point.x 37 pub | int x
            field Store.Point.y 37 pub | int y
            constructor Store.Point.Point 37 | Point
            method Store.Point.sum 37 pub | public int sum()
          interface Store.Marker 38 | @interface Marker
            method Store.Marker.value 38 | String value() default "x";
        locals: T@9 (size@14 R@21 (key@21 (rest@21 n@22 m@22 item@23 i@24 r@25 e@25 run@26 x@27 (a@27 (b@27 c@28 s@29 x@29 y@29
        import Name java.util List as List
        import Star java.util.concurrent
        import Name java.lang.Math max as max
    "#]],
    );
}

#[test]
fn uses() {
    check_uses(
        Language::Java,
        SNIPPET,
        &expect![[r#"
        3: 8 .java import; 13 .util import; 18 List import;
        4: 8 .java import; 13 .util import; 18 .concurrent import;
        5: 15 .java import; 20 .lang import; 25 .Math import; 30 max import;
        8: 2 Deprecated type;
        9: 30 Comparable type; 41 T type; 53 Base type; 69 Closeable type; 80 Iterable type; 89 T type;
        12: 19 Map type; 23 String type; 31 List type; 36 T type; 52 HashMap call;
        14: 36 size read; 48 this.size write; 55 size read;
        19: 6 Override type;
        20: 6 SuppressWarnings type;
        21: 19 R type; 31 String type; 43 T type; 61 IOException type;
        22: 17 max call;
        23: 14 T type; 23 rest read; 31 use call; 35 item read;
        24: 25 i read; 29 n read; 32 i write; 39 n write; 44 i read;
        25: 14 Reader type; 25 open call; 30 key read; 38 r read; 40 r.read call; 57 IOException type; 71 Failure type; 84 log call; 88 e read;
        26: 9 Runnable type; 30 helper call; 37 key read;
        27: 9 list read; 14 list.stream call; 23 stream().map call; 32 x read; 34 x.name read; 40 map().filter call; 47 Store read; 54 ok read; 58 filter().map call; 72 a read;
        28: 13 obj read; 28 Circle type; 40 c read; 42 c.radius read; 51 MAX read; 66 R type; 69 c read;
        29: 17 shape read; 31 Square type; 43 s read; 45 s.go call; 56 Point type; 69 var type; 79 use call; 83 x read;
        30: 13 Thread call; 24 Runnable call; 38 Override type; 67 go call; 78 Thread().start call;
        31: 22 super.get call; 26 key read; 31 get().first read;
        35: 35 Override type;
        37: 49 check call; 55 x read; 87 x read; 91 y read;
        38: 25 String type;
    "#]],
    );
}
