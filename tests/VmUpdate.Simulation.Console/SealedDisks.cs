using VmUpdate.Core.Tests.Identity.Secrets;

namespace VmUpdate.Simulation.Console;

/// <summary>A machine's disk and a master, each with secrets, and what those are: <c>name=hexadecimal digits</c>, a line each.</summary>
internal static class SealedDisks
{
    public static void Write(string folder)
    {
        var secrets = new PlantedSecrets();
        secrets.Old.Save(Path.Combine(folder, "old.vhdx"));
        secrets.Master.Save(Path.Combine(folder, "master.vhdx"));
        File.WriteAllLines(Path.Combine(folder, "secrets.txt"), secrets.All.Select(secret => $"{secret.Name}={Convert.ToHexString(secret.Secret)}"));
    }
}
