import Testing

@testable import Dashboard

/// Headers in one field of a form.
@Suite struct HeaderTextTests {
  @Test(arguments: [
    [:], ["x-canary": "true"], ["cache-control": "no-cache,max-age=0", "x-b": "a=b"], ["x-path": #"c:\temp\,d"#],
    ["x-empty": ""],
  ])
  func whatIsWrittenIsReadTheSame(_ headers: [String: String]) throws {
    #expect(try HeaderText.read(HeaderText.written(headers)) == headers)
  }

  @Test func commasOfValuesAreMarked() throws {
    #expect(HeaderText.written(["cache-control": "no-cache,max-age=0"]) == #"cache-control=no-cache\,max-age=0"#)
    #expect(try HeaderText.read(" a = b , c=d,") == ["a": "b", "c": "d"])
  }

  @Test(arguments: ["a", "=b", "a=b,c"]) func whatIsNoHeaderIsRefused(_ text: String) {
    #expect(throws: FilterError.self) { try HeaderText.read(text) }
  }
}
