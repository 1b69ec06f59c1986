import MeshModel
import MeshTransport

/// A program that prints keys, as `credential_process` of a profile names it.
///
/// Source: AWS SDKs and Tools Reference Guide, "Process credential provider": it prints JSON with `Version` 1.
struct AWSCredentialProcess: Sendable {
  let command: String
  let profile: String
  let variables: [String: String]

  func keys() async throws(MeshError) -> AWSKeys {
    let what = "credential_process of profile \(profile)"
    let words = try CredentialProgram.words(command, of: "credential_process")
    guard !words.isEmpty else { throw MeshError(.usage, "\(what) is empty") }
    let bytes = try await CredentialProgram(words: words, what: what, variables: variables)
      .output(remedy: "correct it in the shared AWS files")
    guard let json = try? JSONValue(parsing: bytes), json["Version"]?.int == 1 else {
      throw MeshError(
        .unauthenticated, "\(what) printed no JSON of version 1", remedy: "run it by hand and look at what it prints")
    }
    return try AWSKeys(document: bytes, what: what, source: "profile \(profile) by credential_process")
  }
}
