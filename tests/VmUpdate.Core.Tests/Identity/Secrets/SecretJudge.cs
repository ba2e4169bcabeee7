using System.Runtime.CompilerServices;
using System.Text.Json;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

/// <summary>Programs that open a Windows' secrets and share no code with the product.</summary>
internal static class SecretJudge
{
    private const string Examples = "/usr/share/doc/python3-impacket/examples";

    /// <summary>What the reader beside these tests finds: current and former states, keys, backup keys, blobs.</summary>
    public static JsonElement Read(string system, string security, params string[] keysAndBlobs)
    {
        RequireModules("hivex", "pyregf", "Cryptodome");
        (int exitCode, string output) = Judges.Run(Judges.Python, [ScriptPath(), system, security, .. keysAndBlobs]);
        Assert.True(exitCode == 0, output);
        using JsonDocument document = JsonDocument.Parse(output);
        return document.RootElement.Clone();
    }

    /// <summary>What impacket's secretsdump prints about two hives.</summary>
    public static string SecretsDump(string system, string security)
    {
        (int exitCode, string output) = Impacket("secretsdump.py", "-system", system, "-security", security, "LOCAL");
        Assert.True(exitCode == 0, output);
        return output;
    }

    /// <summary>What impacket's dpapi prints about a master key file and the hives it shall open under.</summary>
    public static string MasterKey(string file, string system, string security) =>
        Impacket("dpapi.py", "masterkey", "-file", file, "-system", system, "-security", security).Output;

    /// <summary>Opens a blob by impacket's library with a master key that impacket took from a file.</summary>
    public static string Blob(string blob, int offset, string keyHex)
    {
        RequireModules("impacket");
        const string program = "import sys,hashlib\nfrom impacket.dpapi import DPAPI_BLOB\n"
            + "x=DPAPI_BLOB(open(sys.argv[1],'rb').read()[int(sys.argv[2]):]).decrypt(bytes.fromhex(sys.argv[3]))\n"
            + "print(hashlib.sha256(x).hexdigest() if x else 'closed')";
        (int exitCode, string output) = Judges.Run(
            Judges.Python, "-c", program, blob, offset.ToString(System.Globalization.CultureInfo.InvariantCulture), keyHex);
        Assert.True(exitCode == 0, output);
        return output.Trim();
    }

    private static (int ExitCode, string Output) Impacket(string script, params string[] arguments)
    {
        RequireModules("impacket");
        string path = Path.Combine(Examples, script);
        Judges.Require(File.Exists(path), $"impacket's {script} is not installed (python3-impacket).");
        return Judges.Run(Judges.Python, [path, .. arguments]);
    }

    private static void RequireModules(params string[] modules)
    {
        Judges.Require(Judges.Python);
        foreach (string module in modules)
        {
            Judges.Require(Judges.Run(Judges.Python, "-c", $"import {module}").ExitCode == 0, $"The Python module {module} is not installed.");
        }
    }

    private static string ScriptPath([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "independent_reader.py");
}
