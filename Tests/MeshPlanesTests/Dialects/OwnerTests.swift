import MeshModel
import Testing

@testable import MeshPlanes

/// Who else writes an object, told by its metadata, in every dialect.
@Suite struct OwnerTests {
  @Test(
    arguments: [
      (#""ownerReferences":[{"apiVersion":"flagger.app/v1beta1","kind":"Canary","name":"api"}]"#, "Flagger", "api"),
      (
        #""annotations":{"argo-rollouts.argoproj.io/managed-by-rollouts":"api"}"#, "Argo Rollouts", "api"
      ),
      (#""managedFields":[{"manager":"rollouts-controller","operation":"Update"}]"#, "Argo Rollouts", ""),
      (#""annotations":{"argocd.argoproj.io/tracking-id":"shop:gateway/HTTPRoute:shop/api"}"#, "Argo CD", "shop"),
      (#""labels":{"kustomize.toolkit.fluxcd.io/name":"apps"}"#, "Flux", "apps"),
      (#""annotations":{"meta.helm.sh/release-name":"shop"}"#, "Helm", "shop"),
      (#""ownerReferences":[{"apiVersion":"x.example/v1","kind":"Shift","name":"api"}]"#, "Shift", "api"),
    ])
  func ownersAreToldByWhatTheyLeaveOnAnObject(mark: String, tool: String, name: String) throws {
    let text = DialectFixtures.httpRoute.replacing("\"generation\":2", with: "\"generation\":2,\(mark)")
    let json = try JSONValue(parsing: text)
    #expect(ObjectOwners.owners(of: json).map(\.tool) == [tool])
    let route = try GatewayAPIDialect().route(of: DialectFixtures.native(text))
    #expect(route.owners.map(\.name) == [name])
  }
}
