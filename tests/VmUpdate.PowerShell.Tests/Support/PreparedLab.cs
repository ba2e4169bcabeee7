namespace VmUpdate.PowerShell.Tests.Support;

/// <summary>A lab that is made and prepared once, and given to each test as it was then: to make one takes longer than most tests.</summary>
public sealed class PreparedLab : IDisposable
{
    private readonly TestFolder _kept = new();
    private readonly Lab _lab;

    public PreparedLab()
    {
        _lab = new Lab(pooled: 4, personal: 2);
        _lab.RunWell("$null = Set-VmUpdatePool LabPool -MasterPath $1; $null = Set-VmUpdateMachine PC-04 -Role Ignored", _lab.NewMaster);
        _lab.RunWell("$null = Update-PooledVmImage -Name PC-03 -Force");
        _lab.RunWell("Register-VmUpdateTask Patch Configuration.exe -Kind Configuration -VMName DESK-01 -RebootTimeout 10s");
        foreach (string file in FilesOf(_lab.Beside))
        {
            string copy = _kept.PathOf(Path.GetRelativePath(_lab.Beside, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public void Dispose()
    {
        _lab.Dispose();
        _kept.Dispose();
    }

    /// <summary>The lab as it was prepared, with an engine of its own. What the last test made is gone.</summary>
    internal Lab Reopen()
    {
        foreach (string file in FilesOf(_lab.Beside))
        {
            File.Delete(file);
        }

        foreach (string copy in FilesOf(_kept.Path))
        {
            File.Copy(copy, Path.Combine(_lab.Beside, Path.GetRelativePath(_kept.Path, copy)));
        }

        return _lab.Reopen();
    }

    private static string[] FilesOf(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories);
}
