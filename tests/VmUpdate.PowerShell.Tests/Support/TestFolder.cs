namespace VmUpdate.PowerShell.Tests.Support;

/// <summary>A folder of one test's own, gone when the test is over.</summary>
internal sealed class TestFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("vmupdate-module-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);

    internal string PathOf(string name) => System.IO.Path.Combine(Path, name);
}
