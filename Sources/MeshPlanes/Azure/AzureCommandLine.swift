import MeshModel
import MeshTransport

/// The Azure command line as a source of tokens: `az account get-access-token`.
///
/// Nothing secret is in its arguments.
struct AzureCommandLine: Sendable {
  let environment: AzureEnvironment
  let subscription: String?
  let now: Int

  /// The token of the account that is logged in; `nil` where the command is not installed.
  func token() async throws(MeshError) -> AzureToken? {
    var words = ["az", "account", "get-access-token", "--output", "json", "--resource", environment.audience]
    if let subscription { words += ["--subscription", subscription] }
    let what = "az account get-access-token"
    let program = CredentialProgram(words: words, what: what, variables: environment.variables)
    guard (try? program.located()) != nil else { return nil }
    let remedy = "run az login, or run it by hand and look at what it prints"
    let bytes = try await program.output(remedy: remedy)
    guard let json = try? JSONValue(parsing: bytes), let value = json["accessToken"]?.string, !value.isEmpty else {
      throw MeshError(.unauthenticated, "\(what) printed no token", remedy: remedy)
    }
    // `expires_on` came with 2.54; before, only a local time without its zone was told, so the token is asked for anew
    // after a few minutes.
    let expires = json["expires_on"]?.double ?? Double(now + 600)
    return AzureToken(value: Secret(value), expires: expires, source: "the az command")
  }
}
