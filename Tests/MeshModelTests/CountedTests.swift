import MeshModel
import Testing

@Suite struct CountedTests {
  @Test(arguments: [
    (1, "listener", "1 listener"), (0, "listener", "0 listeners"), (2, "policy", "2 policies"),
    (3, "gateway", "3 gateways"), (2, "mesh", "2 meshes"), (1, "route configuration", "1 route configuration"),
    (2, "scoped route", "2 scoped routes"), (2, "address", "2 addresses"),
  ])
  func aNounFollowsItsCount(_ count: Int, _ noun: String, _ text: String) { #expect(count.counted(noun) == text) }

  @Test(arguments: [
    (1, "meshes", "1 mesh"), (2, "meshes", "2 meshes"), (1, "clientTlsPolicies", "1 clientTlsPolicy"),
    (1, "virtualServices", "1 virtualService"), (0, "gateways", "0 gateways"), (1, "httpRoutes", "1 httpRoute"),
  ])
  func aCollectionOfOneIsNoPlural(_ count: Int, _ name: String, _ text: String) {
    #expect(count.counted(of: name) == text)
  }
}
