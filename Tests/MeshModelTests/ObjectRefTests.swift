import MeshModel
import Testing

@Suite("Object identity")
struct ObjectRefTests {
  static let reviews = ObjectRef(plane: "prod", namespace: "shop", kind: "virtualservice", name: "reviews")
  static let node = ObjectRef(plane: "prod", namespace: "", kind: "namespace", name: "shop")

  @Test(
    "any suffix of the parts names it, and namespace/name",
    arguments: [
      "reviews", "virtualservice/reviews", "shop/virtualservice/reviews", "prod/shop/virtualservice/reviews",
      "shop/reviews",
    ])
  func matches(_ typed: String) {
    #expect(Self.reviews.matches(typed))
  }

  @Test(
    "nothing else names it",
    arguments: [
      "", "/", "review", "Reviews", "reviews/", "/reviews", "shop/", "prod/reviews",
      "x/prod/shop/virtualservice/reviews",
      "service/reviews", "other/reviews", "prod/virtualservice/reviews", "-/reviews",
    ])
  func matchesNot(_ typed: String) {
    #expect(!Self.reviews.matches(typed))
  }

  @Test("a thing without namespace is written with a dash, read back and matched so")
  func withoutNamespace() {
    #expect(Self.node.description == "prod/-/namespace/shop")
    #expect(ObjectRef(Self.node.description) == Self.node)
    for typed in ["shop", "namespace/shop", "-/namespace/shop", "prod/-/namespace/shop", "-/shop"] {
      #expect(Self.node.matches(typed), "\(typed)")
    }
    #expect(!Self.node.matches("/shop"))
  }

  @Test(
    "a full identifier has four parts, none empty", arguments: ["a/b/c", "a/b/c/d/e", "a//c/d", "", "/b/c/d", "a/b/c/"])
  func malformed(_ text: String) {
    #expect(ObjectRef(text) == nil)
  }

  @Test("order is plane, namespace, kind, name")
  func order() {
    let other = ObjectRef(plane: "prod", namespace: "shop", kind: "service", name: "zebra")
    #expect([Self.reviews, other, Self.node].sorted() == [Self.node, other, Self.reviews])
  }
}
