//! C++.

use super::{Language, check, check_uses};
use expect_test::expect;

pub(super) const SNIPPET: &str = r#"#include <vector>
#include "store.hpp"
using namespace std::literals;
using std::string;
namespace fs = std::filesystem;

namespace app::core {
/// A shape.
template <typename T, int N = 3>
class Shape : public Base<T>, private other::Mixin {
public:
    Shape();
    Shape(const Shape&) = delete;
    explicit Shape(int w, T h = 0) : width(w), height_{h} { init(); }
    virtual ~Shape() = default;
    /// How large.
    virtual double area() const = 0;
    static int count();
    Shape& operator=(Shape&& other);
    operator bool() const { return width > 0; }
    template <class U> void visit(U&& u) { u(*this); }
    using Ptr = std::unique_ptr<Shape>;
    friend std::ostream& operator<<(std::ostream& os, const Shape& s);
private:
    int width = 0, height_; // not about items
    std::vector<int> items;
    enum class Kind : int { Round, Flat };
    struct Inner { int deep; };
};
namespace { int hidden; void helper() {} }
constexpr int LIMIT = 5;
}

template <typename T> T max_of(T a, T b) { return a > b ? a : b; }
template <> struct hash<Key> { size_t operator()(const Key& k) const noexcept; };
template <typename T> concept Small = sizeof(T) < 4;

int app::core::Shape::count() { return instances; }
Widget::Widget(int id) : id_(id) {}
List<int>::~List() { release(); }
int Counter::total = 0;
bool operator==(const A& a, const B& b) { return a.x == b.x; }

static auto run(const std::vector<Shape*>& shapes) -> int {
    auto [a, b] = pair();
    for (const auto& s : shapes) { s->area(); ns::util::go<int>(s); make<Key>(1); }
    auto f = [this, &a, k = b](int x) mutable { return x + a + k; };
    auto* p = new app::Widget(1);
    try { f(2); } catch (const std::exception& e) { log(e.what()); }
    if (auto it = m.find(1); it != m.end()) { it->second = Color::Red; }
    return static_cast<int>(Point{1, 2}.x);
}
extern "C" { int c_api(void); }
struct alignas(16) Pod { int x; } pod;
class Forward;
"#;

#[test]
fn outline() {
    check(
        Language::Cpp,
        SNIPPET,
        &expect![[r#"
        namespace app::core 7-32 pub | namespace app::core
          class app::core.Shape 9-29 pub | template <typename T, int N = 3> class Shape : public Base<T>, private other::Mixin | /// A shape.
            constructor app::core.Shape.Shape 12 pub | Shape();
            constructor app::core.Shape.Shape 13 pub | Shape(const Shape&) = delete;
            constructor app::core.Shape.Shape 14 pub | explicit Shape(int w, T h = 0) : width(w), height_{h}
            method app::core.Shape.~Shape 15 pub | virtual ~Shape() = default;
            method app::core.Shape.area 17 pub | virtual double area() const = 0; | /// How large.
            method app::core.Shape.count 18 pub | static int count();
            method app::core.Shape.operator= 19 pub | Shape& operator=(Shape&& other);
            method app::core.Shape.operator bool 20 pub | operator bool() const
            method app::core.Shape.visit 21 pub | template <class U> void visit(U&& u)
            class app::core.Shape.Ptr 22 pub | using Ptr = std::unique_ptr<Shape>;
            method app::core.Shape.operator<< 23 pub | std::ostream& operator<<(std::ostream& os, const Shape& s);
            field app::core.Shape.width 25 pub | int width = 0, height_;
            field app::core.Shape.height_ 25 pub | int width = 0, height_;
            field app::core.Shape.items 26 pub | std::vector<int> items;
            enum app::core.Shape.Kind 27 pub | enum class Kind : int
              enum-member app::core.Shape.Kind.Round 27 pub | Round
              enum-member app::core.Shape.Kind.Flat 27 pub | Flat
            struct app::core.Shape.Inner 28 pub | struct Inner
              field app::core.Shape.Inner.deep 28 pub | int deep;
          variable app::core.hidden 30 | int hidden;
          function app::core.helper 30 | void helper()
          constant app::core.LIMIT 31 pub | constexpr int LIMIT = 5;
        function max_of 34 pub | template <typename T> T max_of(T a, T b)
        struct hash 35 pub | template <> struct hash<Key>
          method hash.operator() 35 pub | size_t operator()(const Key& k) const noexcept;
        interface Small 36 pub | template <typename T> concept Small = sizeof(T) < 4;
        method app::core::Shape.count 38 pub | int app::core::Shape::count()
        constructor Widget.Widget 39 pub | Widget::Widget(int id) : id_(id)
        method List.~List 40 pub | List<int>::~List()
        field Counter.total 41 pub | int Counter::total = 0;
        function operator== 42 pub | bool operator==(const A& a, const B& b)
        function run 44-52 | static auto run(const std::vector<Shape*>& shapes) -> int
        function c_api 53 pub | int c_api(void);
        struct Pod 54 pub | struct alignas(16) Pod
          field Pod.x 54 pub | int x;
        variable pod 54 pub | struct alignas(16) Pod { int x; } pod;
        locals: (T@9 (N@9 (w@14 (h@14 (other@19 (U@21 (u@21 (os@23 (s@23 (T@34 (a@34 (b@34 (k@35 (T@36 (id@39 (a@42 (b@42 (shapes@44 a@45 b@45 s@46 f@47 k@47 (x@47 p@48 (e@49 it@50
        import Bare vector
        import Bare store.hpp
        import Star std::literals
        import Name std string as string
        import Module std::filesystem as fs
    "#]],
    );
}

#[test]
fn uses() {
    check_uses(
        Language::Cpp,
        SNIPPET,
        &expect![[r#"
        4: 12 string import;
        5: 11 fs import;
        10: 22 Base type; 27 T type; 39 other read; 46 other.Mixin type;
        13: 17 Shape type;
        14: 27 T type; 38 .width write; 44 w read; 48 .height_ write; 56 h read; 61 init call;
        19: 5 Shape type; 22 Shape type;
        20: 36 width read;
        21: 35 U type; 44 u call;
        22: 17 std read; 22 std.unique_ptr type; 33 Shape type;
        23: 12 std read; 17 std.ostream type; 37 std read; 42 std.ostream type; 61 Shape type;
        26: 5 std read; 10 std.vector type;
        34: 23 T type; 32 T type; 37 T type; 51 a read; 55 b read; 59 a read; 63 b read;
        35: 25 Key type; 56 Key type;
        36: 46 T read;
        38: 5 app read; 10 core read; 16 Shape read; 40 instances read;
        39: 1 Widget read; 26 .id_ write; 30 id read;
        40: 1 List read; 22 release call;
        41: 5 Counter read;
        42: 23 A type; 35 B type; 50 a read; 52 a.x read; 57 b read; 59 b.x read;
        44: 23 std read; 28 std.vector type; 35 Shape type;
        45: 19 pair call;
        46: 26 shapes read; 36 s read; 39 s.area call; 47 ns read; 51 util read; 57 util.go call; 65 s read; 69 make call; 74 Key type;
        47: 22 a read; 29 b read; 56 x read; 60 a read; 64 k read;
        48: 19 app read; 24 app.Widget call;
        49: 11 f call; 32 std read; 37 std.exception type; 53 log call; 57 e read; 59 e.what call;
        50: 19 m read; 21 m.find call; 30 it read; 36 m read; 38 m.end call; 47 it read; 51 it.second write; 60 Color read; 67 Color.Red read;
        51: 12 static_cast call; 29 Point call; 41 Point().x read;
        55: 7 Forward type;
    "#]],
    );
}
